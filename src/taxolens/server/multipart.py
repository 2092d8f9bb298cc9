"""Forms with files (multipart/form-data, RFC 7578), read from memory."""

from __future__ import annotations

from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, MultipartState, parse_options_header

from taxolens.problems import Refused

_MOST_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form.

    Attributes:
        name: of the field.
        filename: as the asker's computer calls it; None: a plain value, no file.
        content: its bytes.
    """

    name: str
    filename: str | None
    content: bytes


class _Collector:
    """What the parser calls for every piece."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._header, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._content: list[bytes] = []

    def begin(self) -> None:
        if len(self.parts) >= _MOST_PARTS:
            raise Refused(413, "The form has too many fields. Send fewer photos at once.")
        self._disposition, self._content = b"", []

    def field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def data(self, data: bytes, start: int, end: int) -> None:
        self._content.append(data[start:end])

    def end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name, filename = options.get(b"name", b""), options.get(b"filename")
        self.parts.append(
            Part(
                name.decode("utf-8", "replace"),
                None if filename is None else filename.decode("utf-8", "replace"),
                self._content[0] if len(self._content) == 1 else b"".join(self._content),
            )
        )


def read_form(body: bytes, content_type: str) -> tuple[Part, ...]:
    """The fields of a form, in their order.

    Args:
        content_type: the header, which names the boundary.

    Raises:
        Refused: it is no whole form (400), or has too many fields (413).
    """
    _, options = parse_options_header(content_type.encode("latin-1"))
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise Refused(400, "The form does not say where its fields end: boundary is missing.")
    into = _Collector()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": into.begin,
                "on_header_field": into.field,
                "on_header_value": into.value,
                "on_header_end": into.header_end,
                "on_part_data": into.data,
                "on_part_end": into.end,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise _broken() from error
    if parser.state is not MultipartState.END:
        raise _broken()
    return tuple(into.parts)


def _broken() -> Refused:
    return Refused(400, "The form is damaged or cut short. Send it again.")
