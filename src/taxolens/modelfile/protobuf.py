"""The ONNX message classes without the rest of the onnx package.

Reading a model needs the parser only. `import onnx` brings its helpers, checker and schemas along,
which costs several times as long as the parser; a command that names photos should not wait for them.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

_PARSER = "onnx.onnx_ml_pb2"


def parse_model(data: bytes) -> Any:
    """Parses bytes to an `onnx.ModelProto`; nothing outside the bytes is touched.

    Raises:
        google.protobuf.message.DecodeError: not such a message, or cut short.
    """
    return _messages().ModelProto.FromString(data)


@cache
def _messages() -> ModuleType:
    if _PARSER in sys.modules:
        return sys.modules[_PARSER]
    package = importlib.util.find_spec("onnx")
    folders = package.submodule_search_locations if package else None
    file = Path(folders[0]) / "onnx_ml_pb2.py" if folders else None
    found = importlib.util.spec_from_file_location(_PARSER, file) if file and file.is_file() else None
    if found is None or found.loader is None:
        return importlib.import_module(_PARSER)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
