"""One hash for a whole data set: the same photos with the same labels, in whatever order or folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def data_fingerprint(labelled: Iterable[tuple[str, str]]) -> str:
    """Hash over the sorted (sha256 of the image's bytes, label) pairs.

    Returns:
        sha256, hexadecimal.
    """
    digest = hashlib.sha256()
    for sha256, label in sorted(labelled):
        digest.update(f"{sha256}\t{label}\n".encode())
    return digest.hexdigest()
