"""What a cascade decides by: what is known of the detector, and which classes an answer may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from taxolens.core.taxonomy import Role, Taxon
from taxolens.imaging.region import CropRule
from taxolens.modelfile.card import Card, CardClass
from taxolens.modelfile.pipeline import CascadeNumbers

BLANK = "blank"
ANSWERED = (Role.PERSON, Role.VEHICLE, Role.OTHER)
"""What a detector may answer by itself; everything else is for the classifier."""
_USUAL_OVERLAP = 0.7
"""Of detectors that thin their boxes themselves, and do not say by what."""


@dataclass(frozen=True, slots=True)
class DetectorPart:
    """The detector of a cascade, as a journal keeps it.

    Attributes:
        sha256: of its file, hexadecimal.
        card: what it says of itself.
        crop: how boxes became crops.
        rule: the numbers that decide.
        known: how many of the classes that an answer may be are the classifier's own; these come first.
    """

    sha256: str
    card: Card
    crop: CropRule
    rule: CascadeNumbers
    known: int


@dataclass(frozen=True, slots=True)
class CascadeRule:
    """What decides between the detector and the classifier.

    Attributes:
        numbers: see `CascadeNumbers`.
        roles: of the detector's classes, in its order.
        answers: what a box of each of these is called where the detector answers by itself; None: the classifier
            does.
        named_roles: of the classes that an answer may be.
        known: how many of these the classifier knows; they come first.
        overlap: of two animals that the detector calls differently and whose boxes have a larger intersection over
            union, only the surer one is there.
    """

    numbers: CascadeNumbers
    roles: tuple[Role | None, ...]
    answers: tuple[str | None, ...]
    named_roles: tuple[Role | None, ...]
    known: int
    overlap: float = _USUAL_OVERLAP


def answering_card(classifier: Card, detector: Card) -> Card:
    """The classifier's card with the classes that only the cascade can answer, behind its own: what the detector
    calls people, vehicles and other things that the classifier does not know, and nothing at all."""
    more = tuple(CardClass.of(taxon) for taxon in _added(classifier.taxa, detector.taxa))
    return classifier.model_copy(update={"classes": (*classifier.classes, *more)})


def cascade_rule(answering: Card, detector: DetectorPart) -> CascadeRule:
    """The rule for a detector and an `answering_card`."""
    labels = {taxon.id for taxon in answering.taxa}
    by_role = {taxon.role: taxon.id for taxon in reversed(answering.taxa)}
    overlap = detector.card.output.overlap
    return CascadeRule(
        detector.rule,
        tuple(taxon.role for taxon in detector.card.taxa),
        tuple(
            None if taxon.role not in ANSWERED else taxon.id if taxon.id in labels else by_role[taxon.role]
            for taxon in detector.card.taxa
        ),
        tuple(taxon.role for taxon in answering.taxa),
        detector.known,
        _USUAL_OVERLAP if overlap is None else overlap,
    )


def looks_at_whole(classifier: Card, numbers: CascadeNumbers) -> bool:
    """Whether photos without a box are named as a whole. A classifier that cannot say that nothing is there would
    name empty photos too."""
    if numbers.fallback is not None:
        return numbers.fallback
    return any(taxon.role is Role.BLANK for taxon in classifier.taxa)


def _added(own: tuple[Taxon, ...], found: tuple[Taxon, ...]) -> Iterator[Taxon]:
    ids = {taxon.id for taxon in own}
    roles = {taxon.role for taxon in own}
    for taxon in found:
        known = taxon.role in roles and taxon.role is not Role.OTHER
        if taxon.role in ANSWERED and taxon.id not in ids and not known:
            ids.add(taxon.id)
            yield taxon
    if Role.BLANK not in roles:
        yield Taxon(BLANK if BLANK not in ids else f"{BLANK} (nothing)", role=Role.BLANK)
