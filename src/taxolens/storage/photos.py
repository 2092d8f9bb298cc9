"""The photos below a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.storage.signature import image_format, read_head

_PHOTOS = ".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .tif .tiff .bmp .dib .gif .avif .heic .heif .hif"
_TABLES = (
    ".txt .csv .tsv .json .jsonl .xml .yaml .yml .toml .ini .cfg .md .html .htm .svg .log .pdf .doc .docx .xls "
    ".xlsx .ods .odt .db .sqlite .py .r .ipynb .npy .npz .onnx .pt .pth .safetensors .parquet"
)
_FILMS = ".zip .tar .gz .7z .rar .mts .wmv .wav .mp3 .thm .lrv"
_RAW = (  # they look like TIFF and hold a stamp-sized preview where a reader expects the photo
    ".cr2 .cr3 .crw .nef .nrw .arw .sr2 .srf .orf .rw2 .raf .pef .dng .raw .3fr .iiq .x3f .erf .kdc .dcr .mrw "
    ".xmp .psd .xcf .ico"
)

PHOTO_SUFFIXES = frozenset(_PHOTOS.split())
"""Files so named are photos, whatever they hold: one that cannot be read must be listed, not passed over."""

CLIP_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v"})
"""Files so named are video clips, whatever they hold."""

_OTHER_SUFFIXES = CLIP_SUFFIXES.union(f"{_TABLES} {_FILMS} {_RAW}".split())
_NOT_FOR_PEOPLE = frozenset(
    {"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found"}
)  # what macOS, network drives and file systems leave
_OWN_FOLDER = ".taxolens"


class LeftOut(StrEnum):
    """What a walk passes over and yet should tell."""

    RESOURCE = "resource"  # `._NAME`, which macOS writes beside a photo on a card
    LINK = "link"  # leads out of the folder


def is_clip(name: str) -> bool:
    """Whether a file is called a video clip."""
    return os.path.splitext(name)[1].lower() in CLIP_SUFFIXES  # noqa: PTH122


def _unheard(folder: Path) -> None:
    """Nobody asked for empty folders."""


def walk_photos(root: Path, empty: Callable[[Path], None] = _unheard) -> Iterator[Path]:
    """Finds photos, one at a time: memory holds one folder's names.

    A photo is a file with a suffix of `PHOTO_SUFFIXES`, or one with an unknown suffix (or none) whose
    first bytes are those of an image. Passed over are hidden files and folders, folders ending in
    `.taxolens`, what operating systems leave behind, and raw exposures. Linked folders are entered
    once and never in a circle.

    Args:
        root: a folder, searched to any depth, or a single file, which is yielded whatever it holds.
        empty: told of each folder below `root` that holds neither photos nor folders.

    Returns:
        Paths below `root`: in each folder its photos by name, then its folders by name.

    Raises:
        UsageError: a folder may not be read.
    """
    if root.is_dir():
        yield from map(Path, _Walk(root, empty=empty).photos())
    elif root.exists():
        yield root


def walk_inside(
    root: Path, left_out: Callable[[LeftOut, str], None], *, clips: bool = False
) -> Iterator[str]:
    """As `walk_photos`, but nothing outside the folder is looked at, and paths are text: a million are found
    in a few seconds.

    Args:
        left_out: told of each link that leads out of the folder, and of each resource file.
        clips: find video clips too.

    Raises:
        UsageError: a folder may not be read.
    """
    if root.is_dir():
        yield from _Walk(root, left_out=left_out, clips=clips).photos()
    elif root.exists():
        yield str(root)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to look into, with the identities of the folders above it."""

    path: str
    above: frozenset[tuple[int, int]]
    is_link: bool = False


@dataclass(slots=True)
class _Listing:
    """What one folder holds, as names."""

    photos: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    links: set[str] = field(default_factory=set)


class _Walk:
    """One walk through a folder.

    Args:
        root: the folder.
        empty: told of each folder below it that holds neither photos nor folders.
        left_out: told of what is passed over; None: links that lead out are followed.
        clips: find video clips too.
    """

    def __init__(
        self,
        root: Path,
        *,
        empty: Callable[[Path], None] = _unheard,
        left_out: Callable[[LeftOut, str], None] | None = None,
        clips: bool = False,
    ) -> None:
        self._root = str(root)
        self._inside = os.path.join(os.path.realpath(root), "")  # noqa: PTH118
        self._empty = empty
        self._left_out = left_out
        self._clips = clips

    def photos(self) -> Iterator[str]:
        """Paths of photos, in each folder by name, then its folders by name."""
        linked: set[tuple[int, int]] = set()
        waiting = [_Folder(self._root, frozenset())]
        while waiting:
            folder = waiting.pop()
            if folder.is_link and not _first_time(folder, linked):
                continue
            listing = self._list(folder.path)
            if folder.above and not listing.photos and not listing.folders:
                self._empty(Path(folder.path))
            begin = os.path.join(folder.path, "")  # noqa: PTH118 - a Path per file costs more than the rest
            for name in sorted(listing.photos):
                yield begin + name
            here = folder.above | _identity(folder.path)
            for name in sorted(listing.folders, reverse=True):
                waiting.append(_Folder(begin + name, here, name in listing.links))

    def _list(self, folder: str) -> _Listing:
        listing = _Listing()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if not self._passed_over(entry):
                        _sort_in(entry, listing, self._clips)
        except OSError as error:
            raise UsageError(
                "The folder {folder} cannot be read: {why}. "
                "Give yourself the right to read it, or move it away.",
                folder=folder,
                why=error.strerror or error,
            ) from error
        return listing

    def _passed_over(self, entry: os.DirEntry[str]) -> bool:
        """Tells what is passed over, where somebody listens."""
        if self._left_out is None:
            return False
        if entry.name.startswith("._"):
            self._left_out(LeftOut.RESOURCE, entry.path)
            return True
        if entry.is_symlink() and not os.path.realpath(entry.path).startswith(self._inside):
            self._left_out(LeftOut.LINK, entry.path)
            return True
        return False


def _first_time(folder: _Folder, linked: set[tuple[int, int]]) -> bool:
    """Whether a linked folder is neither one of those above it nor one that another link led to."""
    identity = _identity(folder.path)
    if identity <= folder.above | linked:
        return False
    linked |= identity
    return True


def _identity(path: str) -> frozenset[tuple[int, int]]:
    """Device and number of a folder; nothing for one that has just gone."""
    try:
        state = Path(path).stat()
    except OSError:
        return frozenset()
    return frozenset({(state.st_dev, state.st_ino)})


def _sort_in(entry: os.DirEntry[str], listing: _Listing, clips: bool) -> None:
    name = entry.name
    if name.startswith(".") or name.lower() in _NOT_FOR_PEOPLE:
        return
    if entry.is_dir():
        if not name.lower().endswith(_OWN_FOLDER):
            listing.folders.append(name)
            if entry.is_symlink():
                listing.links.add(name)
    elif _is_photo(entry) or (clips and is_clip(name) and _is_plain(entry)):
        listing.photos.append(name)


def _is_photo(entry: os.DirEntry[str]) -> bool:
    suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - a Path per file costs more than the rest
    if suffix in _OTHER_SUFFIXES or not _is_plain(entry):
        return False
    return suffix in PHOTO_SUFFIXES or image_format(read_head(Path(entry.path))) is not None


def _is_plain(entry: os.DirEntry[str]) -> bool:
    """A file with bytes, or a link to one that is gone; a pipe or a device would never end."""
    return entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists())
