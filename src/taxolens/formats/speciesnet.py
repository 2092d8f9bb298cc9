"""SpeciesNet's `predictions`: what its ensemble of detector and classifier says of each photo.

https://github.com/google/cameratrapai. A class is seven words between semicolons: an id, class, order, family,
genus, species, and the common name. Where the ensemble names an animal, all animals of the photo are called so:
it looks at one of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from taxolens.core.records import Score
from taxolens.core.taxonomy import Role, Taxon
from taxolens.formats.detected import Entry
from taxolens.formats.result import Result

_RANKS = ("class", "order", "family", "genus", "species")
_ROLES = {"blank": Role.BLANK, "human": Role.PERSON, "vehicle": Role.VEHICLE}
_OWN_WORDS = {"human": "person"}


def speciesnet_results(entry: Entry, threshold: float) -> Iterator[Result]:
    """The results of one photo.

    Args:
        threshold: detections below it are none.

    Raises:
        DataError: the entry cannot be meant.
    """
    failures = entry.values.get("failures") or []
    if not isinstance(failures, list):
        raise entry.fault(failures)
    said = entry.values.get("prediction")
    if said is None and failures:
        yield entry.failed(", ".join(map(str, failures)))
        return
    ranking = _ranking(entry, said)
    blank = bool(ranking) and _taxon(entry, said).role is Role.BLANK
    confs = [(entry.score(one.get("conf")), one) for one in entry.objects("detections")]
    sure = [] if blank else [one for conf, one in confs if conf >= threshold]
    if blank:
        yield entry.blank(1 - ranking[0].score)
    elif sure:
        yield from (_boxed(entry, one, ranking) for one in sure)
    elif ranking:
        yield entry.seen(ranking, None)
    else:
        yield entry.blank(max((conf for conf, _ in confs), default=0.0))


def speciesnet_taxon(name: str) -> Taxon | None:
    """What a class of SpeciesNet is; None for what is no such class."""
    words = name.split(";")
    if len(words) != 7:
        return None
    *_, common = words
    ranks = {rank: word for rank, word in zip(_RANKS, words[1:6], strict=True) if word}
    rank = next(reversed(ranks), None)
    scientific = None
    if rank is not None:
        scientific = f"{ranks.get('genus', '')} {ranks[rank]}" if rank == "species" else ranks[rank]
        scientific = scientific.strip().capitalize()
    label = common or scientific or words[0]
    role = _ROLES.get(common)
    return Taxon(label, {"en": common} if common else {}, scientific, rank, role=role) if label else None


def speciesnet_classes(values: object) -> list[str]:
    """The classes that the entry of a photo names."""
    if not isinstance(values, dict):
        return []
    found = values.get("classifications")
    classes = found.get("classes") if isinstance(found, dict) else None
    named = [values.get("prediction"), *(classes if isinstance(classes, list) else ())]
    return [name for name in named if isinstance(name, str)]


def _boxed(entry: Entry, one: dict[str, object], ranking: tuple[Score, ...]) -> Result:
    conf = entry.score(one.get("conf"))
    label = one.get("label")
    if not isinstance(label, str) or not label.strip():
        raise entry.fault(one)
    named = ranking if label == "animal" and ranking else (Score(label, conf),)
    return entry.seen(
        named,
        entry.box(one.get("bbox")),
        detector_score=conf,
        category=_OWN_WORDS.get(label, label),
    )


def _ranking(entry: Entry, said: object) -> tuple[Score, ...]:
    """The ensemble's answer first, then what the classifier says beside it."""
    if said is None:
        return ()
    first = Score(_taxon(entry, said).id, entry.score(entry.values.get("prediction_score")))
    found = entry.values.get("classifications")
    if not isinstance(found, dict):
        return (first,)
    names, scores = found.get("classes") or [], found.get("scores") or []
    if not isinstance(names, list) or not isinstance(scores, list) or len(names) != len(scores):
        raise entry.fault(found)
    rest = (
        Score(_taxon(entry, name).id, entry.score(score)) for name, score in zip(names, scores, strict=True)
    )
    return (first, *(score for score in rest if score.label != first.label))


def _taxon(entry: Entry, name: object) -> Taxon:
    taxon = speciesnet_taxon(name) if isinstance(name, str) else None
    if taxon is None:
        raise entry.fault(name)
    return taxon
