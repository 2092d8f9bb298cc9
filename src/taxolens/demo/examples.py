"""Drawn photos for the page of a model server, where nobody gave it any."""

from __future__ import annotations

from collections.abc import Callable

from taxolens.demo.site import SITES
from taxolens.demo.taxa import TAXA
from taxolens.server.page.examples import Example, Examples

_SIZE = (400, 300)
_SEED = 20
_COUNTS = (1, 1, 1, 1, 3)


def drawn_examples() -> Examples:
    """Springtails, each drawn when somebody first looks at it."""
    photos = tuple(
        Example(f"springtail-{number}.jpg", _drawing(number, count))
        for number, count in enumerate(_COUNTS, 1)
    )
    return Examples(photos, drawn=frozenset(taxon.id for taxon in TAXA))


def _drawing(number: int, count: int) -> Callable[[], bytes]:
    def draw() -> bytes:
        # What draws takes long to load, and a server should be ready soon.
        from taxolens.demo.photo import draw_photo, encode_photo

        site = SITES[number % len(SITES)]
        taxa = [TAXA[(3 * number) % len(TAXA)].id] if count == 1 else [taxon.id for taxon in TAXA]
        return encode_photo(
            draw_photo(_SEED + number, taxon_ids=taxa, count=count, size=_SIZE, site=site), site
        )

    return draw
