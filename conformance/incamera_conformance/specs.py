"""The spec folder: where it is, what stands in it, and each of its models ready for a checker."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import SpecError
from .manifest import Area, Manifest, Model, load_manifest
from .tlacfg import Config, load_config

if TYPE_CHECKING:
    from .flatten import Flat

_PACKAGE = Path(__file__).resolve().parent


def checkout() -> Path | None:
    """The root of the source checkout this package runs from, or None when it is installed."""
    root = _PACKAGE.parents[1]
    return root if (root / "pyproject.toml").is_file() and (root / "spec").is_dir() else None


def locate() -> Path:
    """The spec folder: the checkout's, else the one that ships with the package. Raises `SpecError`."""
    root = checkout()
    folder = root / "spec" if root else _PACKAGE / "data" / "spec"
    if not (folder / "manifest.json").is_file():
        raise SpecError(f"{folder}: no manifest.json here")
    return folder


@dataclass(frozen=True)
class SpecModel:
    """One model: the module it checks, its configuration, and what the manifest expects of it."""

    name: str
    entry: Model
    module: Path
    config: Config
    folders: tuple[Path, ...]

    @cached_property
    def flat(self) -> Flat:
        """The flattened module. Raises `SpecError`."""
        from .flatten import flatten

        return flatten(self.module, self.folders)


@dataclass(frozen=True)
class Specs:
    """The whole folder. Relative paths in the manifest start here."""

    root: Path
    manifest: Manifest

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that holds modules; a module may extend one of another area."""
        return tuple(sorted({file.parent for file in self.root.rglob("*.tla")}))

    def area(self, name: str) -> Area:
        try:
            return self.manifest.areas[name]
        except KeyError:
            raise SpecError(f"no spec {name}; there are {', '.join(sorted(self.manifest.areas))}") from None

    def model(self, name: str) -> SpecModel:
        """The named model. Raises `SpecError` where there is none, or its files are missing."""
        try:
            entry = self.manifest.models[name]
        except KeyError:
            raise SpecError(f"no model {name}; there are {', '.join(sorted(self.manifest.models))}") from None
        cfg = self.root / entry.cfg
        own = cfg.with_suffix(".tla")
        module = own if own.is_file() else self.root / self.area(entry.area).module
        return SpecModel(name, entry, module, load_config(cfg), self.folders)

    def models(self, names: list[str] | None = None) -> list[SpecModel]:
        """The named models, or all, in the manifest's order."""
        return [self.model(name) for name in names or self.manifest.models]


def load_specs(root: Path | None = None) -> Specs:
    """Read the spec folder at `root`, by default the one `locate` finds. Raises `SpecError`."""
    root = root or locate()
    return Specs(root, load_manifest(root / "manifest.json"))
