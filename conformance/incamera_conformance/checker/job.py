"""One call of the embedded checker in a process of its own: JSON on standard input, JSON on standard output.

WebAssembly that runs out of its stack or memory takes its process along, so every call gets one.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import wasmtime

_STACK = 1 << 20  # bytes; above wasmtime's async_stack_size (2 MiB) the process would abort


def load(wasm: Path, cache: Path) -> tuple[wasmtime.Engine, wasmtime.Module]:
    """Compile the module, or take its compiled form from the cache (2 ms instead of 2 s)."""
    config = wasmtime.Config()
    config.max_wasm_stack = _STACK
    config.cranelift_opt_level = "speed"
    engine = wasmtime.Engine(config)
    compiled = cache / f"compiled-wasmtime-{version('wasmtime')}.cwasm"
    if compiled.is_file():
        try:
            return engine, wasmtime.Module.deserialize_file(engine, str(compiled))
        except wasmtime.WasmtimeError:
            pass  # written for another processor or by another build: compile again
    module = wasmtime.Module.from_file(engine, str(wasm))
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = compiled.with_suffix(f".{os.getpid()}")
    partial.write_bytes(module.serialize())
    partial.replace(compiled)
    return engine, module


def call(engine: wasmtime.Engine, module: wasmtime.Module, function: str, *arguments: str) -> dict[str, Any]:
    """Call one exported function that takes strings and returns a JSON string, by wasm-bindgen's convention:
    strings as (pointer, length) in the module's memory, the result as such a pair at a slot on its shadow stack."""
    store = wasmtime.Store(engine)
    exports = wasmtime.Instance(store, module, []).exports(store)
    memory = cast(wasmtime.Memory, exports["memory"])

    def run(name: str, *values: int) -> Any:
        return cast(wasmtime.Func, exports[name])(store, *values)

    slot = run("__wbindgen_add_to_stack_pointer", -16)
    flat: list[int] = []
    for argument in arguments:
        data = argument.encode()
        pointer = run("__wbindgen_export", len(data), 1) & 0xFFFFFFFF
        memory.write(store, data, pointer)
        flat += [pointer, len(data)]
    run(function, slot, *flat)
    result = memory.read(store, slot, slot + 8)
    pointer, length = int.from_bytes(result[:4], "little"), int.from_bytes(result[4:], "little")
    return cast(dict[str, Any], json.loads(bytes(memory.read(store, pointer, pointer + length))))


def main() -> None:
    # While WebAssembly runs, Python handles no signal: let Ctrl-C end the process at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    request = json.load(sys.stdin)
    engine, module = load(Path(request["wasm"]), Path(request["cache"]))
    answer = call(engine, module, "check_spec_with_options", request["source"], json.dumps(request["options"]))
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
