"""The small backbone that comes with the package, so that everything works without network."""

from __future__ import annotations

from importlib import resources

BUNDLED_NAME = "taxolens-tiny"
BUNDLED_LICENCE = "Apache-2.0"
_FILE = f"{BUNDLED_NAME}.onnx"


def bundled_graph() -> bytes | None:
    """Its bytes: uint8 `image` [N, S, S, 3] to float32 `embedding` [N, D]; None where it is not packaged."""
    file = resources.files("taxolens.modelfile").joinpath("shipped", _FILE)
    return file.read_bytes() if file.is_file() else None
