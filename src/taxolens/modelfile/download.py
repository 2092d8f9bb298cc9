"""Fetching a backbone of the catalogue from the Hugging Face Hub."""

from __future__ import annotations

import tempfile
from pathlib import Path

from taxolens.core.errors import NetworkError, OutputError
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, plain
from taxolens.modelfile.catalogue import CatalogueEntry, download_path, keep

_SECONDS_TO_ANSWER = 10.0
_CHUNK = 1 << 20


def fetch(entry: CatalogueEntry, home: Path, *, progress: Progress | None = None, say: Say = plain) -> Path:
    """Downloads a backbone unless it is there already, and checks it before anything opens it.

    Returns:
        The file.

    Raises:
        NetworkError: nothing arrived; the message says how to do without network.
        ModelError: something else arrived than the catalogue states.
        OutputError: it cannot be kept.
    """
    target = download_path(entry, home)
    if target.is_file():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".download.") as folder:
            arrived = Path(folder) / target.name
            _download(entry, arrived, progress or Silent(), say)
            return keep(entry, arrived, home)
    except OSError as error:
        raise OutputError(
            "The file {file} cannot be written: {why}.", file=target, why=error.strerror
        ) from error


def _download(entry: CatalogueEntry, target: Path, progress: Progress, say: Say) -> None:
    # Neither library is needed by a command that downloads nothing, and both take long to import.
    import httpx
    from huggingface_hub import constants, hf_hub_url

    if constants.HF_HUB_OFFLINE:
        raise _not_fetched(entry, "HF_HUB_OFFLINE")
    url = hf_hub_url(entry.repo, entry.file, revision=entry.revision)
    what = say("Downloading {name}").format(name=entry.name)
    try:
        with (
            httpx.stream("GET", url, follow_redirects=True, timeout=_SECONDS_TO_ANSWER) as answer,
            target.open("wb") as file,
        ):
            answer.raise_for_status()
            chunks = answer.iter_bytes(_CHUNK)
            # A server that sends more than was agreed is cut off; the checksum then refuses the file.
            most = entry.bytes // _CHUNK + 1
            for chunk, _ in zip(progress.track(chunks, what=what, total=most), range(most + 1), strict=False):
                file.write(chunk)
    except httpx.HTTPError as error:
        raise _not_fetched(entry, str(error) or type(error).__name__) from error


def _not_fetched(entry: CatalogueEntry, why: str) -> NetworkError:
    return NetworkError(
        "The backbone {name} could not be downloaded ({why}). Get {url} on a machine with network, "
        "then run: taxolens models add {name} --file FILE",
        name=entry.name,
        why=why,
        url=entry.url,
    )
