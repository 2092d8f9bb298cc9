"""What happened at each site, counted while results pass: species, blanks, hours, cameras, clocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from taxolens.core.progress import Progress
from taxolens.core.records import UNSURE, Status
from taxolens.core.taxonomy import Role, Taxon, usual_role
from taxolens.core.texts import Say
from taxolens.formats.moment import clock_was_reset
from taxolens.formats.result import Result
from taxolens.workflows.blanks import Blanks

_SITES_TOLD = 5


@dataclass(slots=True)
class Site:
    """What happened at one site.

    Attributes:
        name: its name; empty where sites are not known.
        photos: all of them.
        blank: nothing is there.
        failed: could not be read.
        unsure: below the threshold.
        corrected: a person said what is there.
        species: label -> photos, organisms only.
        others: label -> photos of people, vehicles and the like.
        events: label -> events, organisms only.
        animals: label -> most in one photo.
        first: the first time, of clocks that seem right.
        last: the last one.
        cameras: make and model -> photos.
        odd: photos whose clock cannot be right.
        odd_example: the name of one of them.
        blanks: on which days photos were blank, and how many in a row.
    """

    name: str
    photos: int = 0
    blank: int = 0
    failed: int = 0
    unsure: int = 0
    corrected: int = 0
    species: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    animals: dict[str, int] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None
    cameras: Counter[str] = field(default_factory=Counter)
    odd: int = 0
    odd_example: str = ""
    blanks: Blanks = field(default_factory=Blanks)


class SiteBook:
    """Counts results as they pass, by site.

    Attributes:
        sites: by name.
        hours: label -> photos in each hour of the day, where clocks seem right.
        ranks: rank of the labels that are taxa above classes.

    Args:
        taxa: what is known of classes.
        now: local time; what was taken later cannot be right.
    """

    def __init__(self, taxa: Sequence[Taxon], now: datetime) -> None:
        self.sites: dict[str, Site] = {}
        self.hours: dict[str, list[int]] = {}
        self.ranks: dict[str, str] = {}
        self._roles = {taxon.id: taxon.role for taxon in taxa}
        self._latest = now + timedelta(days=1)
        self._met: set[str] = set()
        self._here: Site | None = None
        self._photo: str | None = None
        self._named: set[str] = set()

    def counting(self, results: Iterable[Result]) -> Iterator[Result]:
        """Yields the results and counts them."""
        for result in results:
            self._count(result)
            yield result

    def tell(self, progress: Progress, say: Say) -> None:
        """Says which clocks and cameras are odd."""
        odd = [site for site in self.sites.values() if site.odd]
        for site in odd[:_SITES_TOLD]:
            progress.note(
                say(
                    "A clock that cannot be right: {site}, photos: {count}, such as {name}. "
                    "Say what it showed with --clock."
                ).format(site=site.name or say("All photos"), count=site.odd, name=site.odd_example)
            )
        if len(odd) > _SITES_TOLD:
            progress.note(say("... and at {more} more sites.").format(more=len(odd) - _SITES_TOLD))
        mixed = [site for site in self.sites.values() if site.name and len(site.cameras) > 1]
        if mixed:
            told = (f"{site.name} ({', '.join(sorted(site.cameras))})" for site in mixed[:_SITES_TOLD])
            progress.note(
                say("Sites with photos of several cameras: {count} ({sites}).").format(
                    count=len(mixed), sites="; ".join(told)
                )
            )

    def _count(self, result: Result) -> None:
        """Counts a photo once, and each label in it once."""
        site = self._site(result.site or "")
        said = result.prediction
        if said.name != self._photo:
            self._photo, self._named = said.name, set()
            self._count_photo(site, result)
        if said.status is Status.OK and said.label not in self._named:
            self._named.add(said.label)
            self._count_label(site, result)

    def _count_photo(self, site: Site, result: Result) -> None:
        said = result.prediction
        site.photos += 1
        site.blank += said.status is Status.BLANK
        site.failed += said.status is Status.FAILED
        site.corrected += result.corrected_by is not None
        if result.camera:
            site.cameras[result.camera] += 1
        right = self._clock(site, result)
        if said.status is not Status.FAILED:
            site.blanks.add(said.name, right, blank=said.status is Status.BLANK)
        self._event(site, result)

    def _count_label(self, site: Site, result: Result) -> None:
        said, taken = result.prediction, result.taken
        if said.label == UNSURE:
            site.unsure += 1
        elif self._role(said.label) is not None:
            site.others[said.label] += 1
        else:
            site.species[said.label] += 1
            if result.rank:
                self.ranks[said.label] = result.rank
            if taken is not None and self._right(taken):
                self.hours.setdefault(said.label, [0] * 24)[taken.hour] += 1

    def _site(self, name: str) -> Site:
        if self._here is None or self._here.name != name:
            self._here = self.sites.setdefault(name, Site(name))
            self._met = set()
        return self._here

    def _clock(self, site: Site, result: Result) -> datetime | None:
        """The time of a photo, where its clock can be right."""
        taken = result.taken
        if taken is None:
            return None
        if not self._right(taken):
            site.odd += 1
            site.odd_example = site.odd_example or result.prediction.name
            return None
        site.first = min(site.first or taken, taken)
        site.last = max(site.last or taken, taken)
        return taken

    def _right(self, taken: datetime) -> bool:
        return not clock_was_reset(taken) and taken <= self._latest

    def _event(self, site: Site, result: Result) -> None:
        event = result.event
        if event is None or event.name in self._met:
            return
        self._met.add(event.name)
        if event.status is Status.OK and event.label != UNSURE and self._role(event.label) is None:
            site.events[event.label] += 1
            site.animals[event.label] = max(site.animals.get(event.label, 0), event.count)

    def _role(self, label: str) -> Role | None:
        return self._roles[label] if label in self._roles else usual_role(label)
