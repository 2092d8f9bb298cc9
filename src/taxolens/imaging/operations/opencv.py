"""The one door to OpenCV, so that a list of operations can be shown where it is not installed."""

from __future__ import annotations

from typing import Any

from taxolens.core.errors import MissingExtra


def opencv() -> Any:
    """The module `cv2`, loaded when the first operation needs it.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import cv2
    except ImportError as error:
        raise MissingExtra(
            "This operation needs OpenCV, which is not installed. Install it: pip install 'taxolens[prepare]'"
        ) from error
    return cv2
