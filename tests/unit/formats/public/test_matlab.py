"""Lists of texts out of MATLAB files."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import PurePath

import numpy as np
import pytest
import scipy.io

from taxolens.core.errors import DataError
from taxolens.formats.public.matlab import read_text_lists

NAME = PurePath("train_list.mat")


def matlab(compressed: bool, **values: object) -> bytes:
    file = io.BytesIO()
    scipy.io.savemat(file, values, do_compression=compressed)
    return file.getvalue()


def cells(*texts: str) -> object:
    array = np.empty((len(texts), 1), object)
    array[:, 0] = texts
    return array


@pytest.mark.parametrize("compressed", [True, False])
def test_cell_arrays_of_texts_are_read_by_name(compressed: bool) -> None:
    texts = ("n02085620-Chihuahua/n02085620_5927.jpg", "a", "ünï", "four")
    data = matlab(compressed, file_list=cells(*texts), labels=np.arange(4.0), other=cells("x"), word="text")
    assert read_text_lists(data, NAME) == {"file_list": list(texts), "other": ["x"]}


@pytest.mark.parametrize("cut", [0, 100, 130, 200, -3])
def test_a_damaged_file_is_told(cut: int) -> None:
    data = matlab(True, file_list=cells(*(f"n02085620_{n}.jpg" for n in range(50))))
    with pytest.raises(DataError, match=r"train_list\.mat is damaged"):
        assert read_text_lists(data[:cut] if cut else b"", NAME) == {"nothing": ["is read"]}


def test_any_change_of_a_byte_is_read_or_told() -> None:
    data = bytearray(matlab(False, file_list=cells("a.jpg", "b.jpg")))
    for place in range(120, len(data)):
        changed = bytes(data[:place]) + bytes([data[place] ^ 0xFF]) + bytes(data[place + 1 :])
        try:
            read_text_lists(changed, NAME)
        except DataError:
            continue


def test_compressed_elements_within_each_other_are_told() -> None:
    header = b"\0" * 124 + b"\0\1IM"
    data = b""
    for _ in range(2000):
        packed = zlib.compress(data)
        data = struct.pack("<II", 15, len(packed)) + packed
    with pytest.raises(DataError, match="damaged"):
        read_text_lists(header + data, NAME)
