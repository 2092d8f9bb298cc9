"""Fetching a backbone of the catalogue from the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path

from taxolens.core.errors import NetworkError, OutputError
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, plain
from taxolens.modelfile.catalogue import CatalogueEntry, download_path, keep
from taxolens.storage.download import Remote, download


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
    arrived = target.with_name(f".download.{target.name}")
    try:
        _download(entry, arrived, progress or Silent(), say)
        return keep(entry, arrived, home)
    except OSError as error:
        raise OutputError(
            "The file {file} cannot be written: {why}.", file=target, why=error.strerror
        ) from error
    finally:
        arrived.unlink(missing_ok=True)


def _download(entry: CatalogueEntry, target: Path, progress: Progress, say: Say) -> None:
    # The library is not needed by a command that downloads nothing, and takes long to import.
    from huggingface_hub import constants, hf_hub_url

    if constants.HF_HUB_OFFLINE:
        raise _not_fetched(entry, "HF_HUB_OFFLINE")
    url = hf_hub_url(entry.repo, entry.file, revision=entry.revision)
    what = say("Downloading {name}").format(name=entry.name)
    try:
        download(Remote(entry.name, url, entry.bytes), target, what=what, progress=progress)
    except NetworkError as error:
        raise _not_fetched(entry, str(error.fields["why"])) from error


def _not_fetched(entry: CatalogueEntry, why: str) -> NetworkError:
    return NetworkError(
        "The backbone {name} could not be downloaded ({why}). Get {url} on a machine with network, "
        "then run: taxolens models add {name} --file FILE",
        name=entry.name,
        why=why,
        url=entry.url,
    )
