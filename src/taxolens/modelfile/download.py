"""Fetching a backbone of the catalogue from the Hugging Face Hub."""

from __future__ import annotations

import tempfile
from pathlib import Path

from taxolens.core.errors import NetworkError
from taxolens.modelfile.catalogue import CatalogueEntry, download_path, keep

_SECONDS_TO_ANSWER = 10.0


def fetch(entry: CatalogueEntry, home: Path) -> Path:
    """Downloads a backbone unless it is there already, and checks it before anything opens it.

    Returns:
        The file.

    Raises:
        NetworkError: nothing arrived; the message says how to do without network.
        ModelError: something else arrived than the catalogue states.
    """
    target = download_path(entry, home)
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".download.") as folder:
        return keep(entry, _download(entry, Path(folder)), home)


def _download(entry: CatalogueEntry, folder: Path) -> Path:
    # The hub's library takes long to import and most commands never download.
    import httpx
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        fetched = hf_hub_download(
            entry.repo,
            entry.file,
            revision=entry.revision,
            local_dir=folder,
            etag_timeout=_SECONDS_TO_ANSWER,
            token=False,
        )
    except (OSError, httpx.HTTPError, HfHubHTTPError) as error:
        raise NetworkError(
            "The backbone {name} could not be downloaded ({why}). Get {url} on a machine with network, "
            "then run: taxolens models add {name} --file FILE",
            name=entry.name,
            why=type(error).__name__,
            url=entry.url,
        ) from error
    return Path(fetched)
