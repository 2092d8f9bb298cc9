"""What is installed, where things lie and what is missing."""

from __future__ import annotations

import importlib.util
import platform
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from taxolens.core.texts import noted
from taxolens.core.version import VERSION
from taxolens.execution.local import default_workers

_NAME = re.compile(r"[\w.-]+")
_EXTRAS = {
    "prepare": (("cv2", "skimage"), noted("Transforming and augmenting photos")),
    "train": (("torch", "timm"), noted("Backbones by their timm name")),
    "tables": (("openpyxl", "pyarrow"), noted("Results as XLSX and Parquet")),
    "serve": (("fastapi", "uvicorn"), noted("Models over HTTP, with a page to try them")),
    "video": (("av",), noted("Video clips of camera traps")),
    "mlflow": (("mlflow",), noted("Trainings followed in MLflow")),
    "tensorboard": (("tensorboardX",), noted("Trainings followed in TensorBoard")),
    "openvino": (("openvino",), noted("Faster int8 on x86 processors")),
    "heif": (("pillow_heif",), noted("HEIC photos of telephones")),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A package and its installed version; None when absent."""

    name: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Extra:
    """An optional part: what it is for, whether it is there, how to get it."""

    name: str
    purpose: str
    present: bool

    @property
    def command(self) -> str:
        """What installs it."""
        return f"pip install 'taxolens[{self.name}]'"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of ours and what it takes.

    Attributes:
        purpose: English, its own key for translation.
        size: bytes.
    """

    purpose: str
    path: Path
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that a question to the mailing list should carry."""

    version: str
    python: str
    system: str
    processors: int
    parts: tuple[Part, ...]
    extras: tuple[Extra, ...]
    places: tuple[Place, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Packages without which nothing works."""
        return tuple(part.name for part in self.parts if part.version is None)


def diagnose(home: Path) -> Diagnosis:
    """Looks at this computer; changes nothing."""
    return Diagnosis(
        version=VERSION,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        processors=default_workers(),
        parts=tuple(Part(name, _version(name)) for name in _base()),
        extras=tuple(_extra(name) for name in _EXTRAS),
        places=(
            _place(noted("Remembered and downloaded backbones"), home / "backbones"),
            _place(noted("Embeddings of photos already seen"), home / "embeddings"),
            _place(noted("Unpacked data sets"), home / "datasets"),
            _place(noted("What is known of photos already seen"), home / "photos.sqlite"),
            _place(noted("Looks of photos already seen"), home / "looks.sqlite"),
        ),
    )


def _base() -> tuple[str, ...]:
    """The packages that every install has, as our own metadata name them."""
    wanted = metadata.requires("taxolens") or []
    return tuple(found[0] for one in wanted if "extra ==" not in one and (found := _NAME.match(one)))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _extra(name: str) -> Extra:
    modules, purpose = _EXTRAS[name]
    return Extra(name, purpose, all(importlib.util.find_spec(module) for module in modules))


def _place(purpose: str, path: Path) -> Place:
    files = [path] if path.is_file() else path.rglob("*")
    sizes = [file.stat().st_size for file in files if file.is_file()]
    return Place(purpose, path, len(sizes), sum(sizes))
