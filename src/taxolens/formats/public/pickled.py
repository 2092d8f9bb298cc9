"""Plain data out of a pickle, without unpickling: nothing in it is ever called.

A pickle is a program for a small machine that may call any function. Here its instructions are listed
(`pickletools.genops`, which executes nothing) and only those that build text, bytes, numbers, lists, tuples
and dictionaries are followed, in our own code. The calls by which numpy writes an array, and the one by
which Python 3 writes bytes for Python 2, are recognised and answered here; every other one is refused.
Source: PEP 307, PEP 3154, PEP 574 and the opcode table in `pickletools`.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError

_MARK = object()
_NUMERIC = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
_RECONSTRUCT = frozenset({"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"})
_FROM_BUFFER = frozenset({"numpy.core.numeric _frombuffer", "numpy._core.numeric _frombuffer"})
_NDARRAY, _DTYPE, _ENCODE = "numpy ndarray", "numpy dtype", "_codecs encode"


class _Refused(Exception):
    """An instruction that plain data do not need."""


@dataclass(slots=True)
class _Global:
    """The name of something that a pickle would import; it stays a name."""

    name: str


@dataclass(slots=True)
class _Made:
    """An array or a kind of number under construction."""

    kind: str
    spec: str = ""
    order: str = "|"
    value: NDArray[np.generic] | None = None


def read_pickled(data: bytes, source: PurePath) -> object:
    """The data in a pickle: dict, list, tuple, str, bytes, int, float, bool, None, numpy arrays of numbers.

    Strings that Python 2 wrote are bytes.

    Args:
        source: what the bytes are called, for the error.

    Raises:
        DataError: damaged, or more than plain data.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name == "STOP":
                return _plain(machine.stack.pop())
            machine.follow(opcode.name, argument)
    except _Refused as error:
        raise DataError(
            "{file} is a pickle that does more than hold data ({what}), and was not opened. Get it from its "
            "authors.",
            file=source,
            what=str(error),
        ) from error
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, EOFError) as error:
        raise DataError("{file} is damaged, or no pickle of plain data.", file=source) from error
    raise DataError("{file} is damaged, or no pickle of plain data.", file=source)


@dataclass(slots=True)
class _Machine:
    """Stack and memory of the pickle machine, for values alone."""

    stack: list[object] = field(default_factory=list)
    memory: dict[int, object] = field(default_factory=dict)

    def follow(self, name: str, argument: object) -> None:
        """One instruction."""
        if name in _PUSHED:
            self.stack.append(argument)
        elif name in _IGNORED:
            return
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name in _STEPS:
            _STEPS[name](self, argument)
        else:
            raise _Refused(name)

    def since_mark(self) -> list[object]:
        """What was pushed since the last mark, which goes too."""
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] is _MARK:
                found = self.stack[place + 1 :]
                del self.stack[place:]
                return found
        raise IndexError("no mark")


def _text_of_python_2(machine: _Machine, argument: object) -> None:
    machine.stack.append(str(argument).encode("latin-1"))


def _get(machine: _Machine, argument: object) -> None:
    machine.stack.append(machine.memory[int(str(argument))])


def _put(machine: _Machine, argument: object) -> None:
    machine.memory[int(str(argument))] = machine.stack[-1]


def _memoize(machine: _Machine, argument: object) -> None:
    del argument
    machine.memory[len(machine.memory)] = machine.stack[-1]


def _append(machine: _Machine, argument: object) -> None:
    del argument
    value = machine.stack.pop()
    _list(machine).append(value)


def _appends(machine: _Machine, argument: object) -> None:
    del argument
    values = machine.since_mark()
    _list(machine).extend(values)


def _list(machine: _Machine) -> list[object]:
    top = machine.stack[-1]
    if not isinstance(top, list):
        raise _Refused("APPEND")
    return top


def _set_items(machine: _Machine, argument: object) -> None:
    del argument
    values = machine.since_mark()
    _fill(machine, values)


def _set_item(machine: _Machine, argument: object) -> None:
    del argument
    value, key = machine.stack.pop(), machine.stack.pop()
    _fill(machine, [key, value])


def _fill(machine: _Machine, values: list[object]) -> None:
    top = machine.stack[-1]
    if not isinstance(top, dict):
        raise _Refused("SETITEM")
    for key, value in zip(values[::2], values[1::2], strict=True):
        if not isinstance(key, str | bytes | int):
            raise _Refused("SETITEM")
        top[key] = value


def _tuple(count: int) -> Callable[[_Machine, object], None]:
    def make(machine: _Machine, argument: object) -> None:
        del argument
        values = tuple(machine.stack[-count:])
        del machine.stack[-count:]
        machine.stack.append(values)

    return make


def _marked(make: Callable[[list[object]], object]) -> Callable[[_Machine, object], None]:
    def build(machine: _Machine, argument: object) -> None:
        del argument
        values = machine.since_mark()
        machine.stack.append(make(values))

    return build


def _dict_of(values: list[object]) -> object:
    made = _Machine([{}])
    _fill(made, values)
    return made.stack[0]


def _named(machine: _Machine, argument: object) -> None:
    machine.stack.append(_known(str(argument)))


def _named_by_stack(machine: _Machine, argument: object) -> None:
    del argument
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(_known(f"{_text(module)} {_text(name)}"))


def _known(name: str) -> _Global:
    if name not in _RECONSTRUCT | _FROM_BUFFER | {_NDARRAY, _DTYPE, _ENCODE}:
        raise _Refused(name.replace(" ", "."))
    return _Global(name)


def _call(machine: _Machine, argument: object) -> None:
    """The calls that plain data need, answered here."""
    del argument
    given, what = machine.stack.pop(), machine.stack.pop()
    if not isinstance(what, _Global) or not isinstance(given, tuple):
        raise _Refused("REDUCE")
    if what.name in _RECONSTRUCT:
        machine.stack.append(_Made("array"))
    elif what.name == _DTYPE and isinstance(given[0], str | bytes):
        spec = _text(given[0])
        if spec not in _NUMERIC:
            raise _Refused(f"numpy.dtype {spec}")
        machine.stack.append(_Made("dtype", spec))
    elif what.name in _FROM_BUFFER:
        machine.stack.append(_from_buffer(given))
    elif what.name == _ENCODE and isinstance(given[0], str):
        machine.stack.append(given[0].encode("latin-1"))
    else:
        raise _Refused(what.name)


def _from_buffer(given: tuple[object, ...]) -> _Made:
    content, dtype, shape, order = given
    if (
        not isinstance(content, bytes | bytearray)
        or not isinstance(dtype, _Made)
        or not isinstance(shape, tuple)
    ):
        raise _Refused("_frombuffer")
    return _Made("array", value=_array(content, dtype, shape, by_columns=order == "F"))


def _build(machine: _Machine, argument: object) -> None:
    """The state of an array: (version, shape, dtype, by columns, bytes); of a dtype: (version, byte order ...)."""
    del argument
    state, made = machine.stack.pop(), machine.stack[-1]
    if not isinstance(made, _Made) or not isinstance(state, tuple):
        raise _Refused("BUILD")
    if made.kind == "dtype":
        made.order = _text(state[1])
        return
    _, shape, dtype, by_columns, content = state
    if not isinstance(dtype, _Made) or not isinstance(content, bytes) or not isinstance(shape, tuple):
        raise _Refused("BUILD")
    made.value = _array(content, dtype, shape, by_columns=bool(by_columns))


def _array(
    content: bytes | bytearray, dtype: _Made, shape: tuple[object, ...], *, by_columns: bool
) -> NDArray[np.generic]:
    values = np.frombuffer(content, np.dtype((">" if dtype.order == ">" else "<") + dtype.spec))
    sides = [side for side in shape if isinstance(side, int)]
    if len(sides) != len(shape):
        raise _Refused("BUILD")
    return values.reshape(sides, order="F" if by_columns else "C")


def _text(value: object) -> str:
    """Text as such: `str` would unfold lists that hold each other a billion times."""
    if not isinstance(value, str | bytes):
        raise _Refused("BUILD")
    return value.decode("ascii") if isinstance(value, bytes) else value


def _plain(value: object) -> object:
    """Arrays under construction as arrays; nothing else of ours may remain."""
    if isinstance(value, _Made) and value.value is not None:
        return value.value
    if isinstance(value, dict):
        return {key: _plain(inner) if isinstance(inner, _Made) else inner for key, inner in value.items()}
    if isinstance(value, _Made | _Global) or value is _MARK:
        raise _Refused("STOP")
    return value


_PUSHED = frozenset(
    {
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *(
            "UNICODE",
            "BINUNICODE",
            "SHORT_BINUNICODE",
            "BINUNICODE8",
            "BINBYTES",
            "SHORT_BINBYTES",
            "BINBYTES8",
            "BYTEARRAY8",
        ),
    }
)
_IGNORED = frozenset({"PROTO", "FRAME"})
_CONSTANTS: Mapping[str, Callable[[], object]] = MappingProxyType(
    {
        "NONE": lambda: None,
        "NEWTRUE": lambda: True,
        "NEWFALSE": lambda: False,
        "EMPTY_LIST": list,
        "EMPTY_DICT": dict,
        "EMPTY_TUPLE": tuple,
        "MARK": lambda: _MARK,
    }
)
_STEPS: Mapping[str, Callable[[_Machine, object], None]] = MappingProxyType(
    {
        **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), _text_of_python_2),
        **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
        **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
        "MEMOIZE": _memoize,
        "APPEND": _append,
        "APPENDS": _appends,
        "SETITEM": _set_item,
        "SETITEMS": _set_items,
        "TUPLE": _marked(tuple),
        "TUPLE1": _tuple(1),
        "TUPLE2": _tuple(2),
        "TUPLE3": _tuple(3),
        "LIST": _marked(list),
        "DICT": _marked(_dict_of),
        "GLOBAL": _named,
        "STACK_GLOBAL": _named_by_stack,
        "REDUCE": _call,
        "BUILD": _build,
    }
)
