"""The page about what was found: species, sites, hours, blanks, odd clocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from taxolens.core.taxonomy import Taxon
from taxolens.core.texts import Say
from taxolens.recipes.derive import DeriveRecipe
from taxolens.report.histogram import Range
from taxolens.report.page import Page, Section
from taxolens.report.panels import Fact, Facts, Notice, Tile, Tiles, Tone
from taxolens.report.small import Small, Smalls, small_histogram
from taxolens.report.table import Cell, Column, Row, ShareBar, Table
from taxolens.report.wording import MISSING, Wording
from taxolens.workflows.blanks_page import blanks_section
from taxolens.workflows.site_book import Site, SiteBook
from taxolens.workflows.tally import Counts

_SPECIES_BESIDE_SITES = 12
_HOURS_SHOWN = 24
_DAY = 24


def derive_page(
    recipe: DeriveRecipe, book: SiteBook, counts: Counts, taxa: Sequence[Taxon], *, say: Say
) -> str:
    """One self-contained HTML page."""
    facts = _Facts(book, counts, taxa, Wording(say, recipe.output.language))
    sections = (
        facts.overview(),
        facts.species(),
        facts.sites(),
        blanks_section(list(book.sites.values()), facts.wording),
        facts.species_by_site(),
        facts.hours(),
        facts.clocks(),
        _making(recipe, say),
    )
    page = Page(
        title=recipe.results.name,
        lead=facts.lead(),
        sections=tuple(section for section in sections if section is not None),
        eyebrow=say("What the photos show"),
    )
    return page.html(facts.wording)


class _Facts:
    """What the page is made of."""

    def __init__(self, book: SiteBook, counts: Counts, taxa: Sequence[Taxon], wording: Wording) -> None:
        self.wording = wording
        self._say = wording.say
        self._counts = counts
        self._hours = book.hours
        self._ranks = book.ranks
        self._sites = list(book.sites.values())
        self._names = {taxon.id: taxon.name(wording.language) for taxon in taxa}
        self._photos = _total(site.species for site in self._sites)
        self._events = _total(site.events for site in self._sites)
        self._others = _total(site.others for site in self._sites)

    def lead(self) -> str:
        """The sentence to read when there is time for no more."""
        say = self._say
        return say("{species} species in {photos} of {found} photos; {blank} are blank.").format(
            species=self.wording.count(len(self._photos.keys() - self._ranks.keys())),
            photos=self.wording.count(self._photos.total()),
            found=self.wording.count(self._counts.found),
            blank=self._share(self._counts.blank),
        )

    def overview(self) -> Section:
        """The figures that matter."""
        say, counts = self._say, self._counts
        tiles = [
            Tile(say("Photos"), self.wording.count(counts.found)),
            Tile(say("With animals"), *self._of_all(self._photos.total())),
            Tile(say("Blank"), *self._of_all(counts.blank)),
            Tile(say("Unsure"), *self._of_all(counts.unsure), say("below the threshold")),
        ]
        if self._others:
            tiles.append(Tile(say("People, vehicles, other"), *self._of_all(self._others.total())))
        if counts.failed:
            tiles.append(Tile(say("Failed"), *self._of_all(counts.failed), say("could not be read")))
        if counts.corrected:
            tiles.append(Tile(say("Corrected"), *self._of_all(counts.corrected), say("a person said so")))
        if self._events:
            tiles.append(Tile(say("Events"), self.wording.count(self._events.total())))
        return Section("overview", say("Overview"), "", (Tiles(tuple(tiles)),))

    def species(self) -> Section | None:
        """A line for each species."""
        if not self._photos:
            return None
        say, most = self._say, max(self._photos.values())
        columns = [
            Column(say("Species")),
            Column(say("Photos"), numeric=True),
            Column(say("Sites"), numeric=True),
        ]
        if self._events:
            columns.append(Column(say("Events"), numeric=True))
        animals = self._most_animals()
        if animals:
            columns.append(Column(say("Most in one photo"), numeric=True))
        rows = []
        for label, photos in self._photos.most_common():
            here = [site for site in self._sites if label in site.species]
            cells = [
                Cell(self._name(label), detail=self._rank(label)),
                Cell(self.wording.count(photos), photos, bar=ShareBar(photos / most)),
                self._number(len(here)),
            ]
            if self._events:
                cells.append(self._number(self._events[label]))
            if animals:
                cells.append(self._number(animals.get(label, 0)))
            rows.append(Row(tuple(cells)))
        table = Table(say("Species"), tuple(columns), tuple(rows), hidden_caption=True)
        return Section("species", say("Species"), "", (table,))

    def sites(self) -> Section | None:
        """A line for each site."""
        if not self._named_sites():
            return None
        say = self._say
        columns = (
            Column(say("Site")),
            Column(say("Photos"), numeric=True),
            Column(say("Blank"), numeric=True),
            Column(say("Species"), numeric=True),
            *((Column(say("Events"), numeric=True),) if self._events else ()),
            Column(say("First and last day")),
        )
        rows = tuple(self._site(site) for site in self._sites)
        table = Table(say("Sites"), columns, rows, hidden_caption=True)
        return Section("sites", say("Sites"), "", (table,))

    def species_by_site(self) -> Section | None:
        """How many photos of each species at each site."""
        if not self._named_sites() or not self._photos:
            return None
        say = self._say
        shown = [label for label, _ in self._photos.most_common(_SPECIES_BESIDE_SITES)]
        columns = (Column(say("Site")), *(Column(self._name(label), numeric=True) for label in shown))
        rows = tuple(
            Row((Cell(site.name or MISSING), *(self._at(site, label) for label in shown)))
            for site in self._sites
        )
        reading = say("Photos of each species at each site.")
        if self._events:
            reading += " " + say("Beneath: events.")
        if len(self._photos) > len(shown):
            reading += " " + say("The {count} most frequent species are shown.").format(count=len(shown))
        table = Table(say("Species by site"), columns, rows, hidden_caption=True)
        return Section("species-by-site", say("Species by site"), reading, (table,))

    def hours(self) -> Section | None:
        """When species were met."""
        if not self._hours:
            return None
        say = self._say
        most = sorted(self._hours, key=lambda label: -sum(self._hours[label]))[:_HOURS_SHOWN]
        smalls = Smalls(say("Activity by hour"), tuple(self._day(label) for label in most))
        reading = say(
            "Photos by hour of the day, from midnight to midnight, as the cameras' clocks told it. "
            "Each drawing is as high as its own busiest hour."
        )
        return Section("hours", say("Activity by hour"), reading, (smalls,))

    def clocks(self) -> Section | None:
        """Clocks and cameras that want a look."""
        say = self._say
        odd = [
            say("{site}, photos: {count}, such as {name}").format(
                site=site.name or say("All photos"), count=self.wording.count(site.odd), name=site.odd_example
            )
            for site in self._sites
            if site.odd
        ]
        mixed = [
            f"{site.name}: " + ", ".join(f"{name} ({n})" for name, n in site.cameras.most_common())
            for site in self._named_sites()
            if len(site.cameras) > 1
        ]
        notices = []
        if odd:
            told = say("Clocks that cannot be right. Say what they showed with --clock.")
            notices.append(Notice(told, Tone.CAREFUL, tuple(odd)))
        if mixed:
            notices.append(Notice(say("Several cameras at one site."), Tone.CAREFUL, tuple(mixed)))
        return Section("clocks", say("Clocks and cameras"), "", tuple(notices)) if notices else None

    def _most_animals(self) -> Mapping[str, int]:
        """Label -> most animals in one photo; empty where nobody counted."""
        most = {label: max(site.animals.get(label, 0) for site in self._sites) for label in self._photos}
        return most if max(most.values(), default=0) > 1 else {}

    def _named_sites(self) -> list[Site]:
        return [site for site in self._sites if site.name]

    def _site(self, site: Site) -> Row:
        share = site.blank / site.photos
        return Row(
            (
                Cell(site.name or MISSING),
                self._number(site.photos),
                Cell(self.wording.percent(share), share, bar=ShareBar(share)),
                self._number(len(site.species.keys() - self._ranks.keys())),
                *((self._number(site.events.total()),) if self._events else ()),
                Cell(_day(site.first), detail=_day(site.last)),
            )
        )

    def _at(self, site: Site, label: str) -> Cell:
        photos, events = site.species[label], site.events[label]
        if not photos and not events:
            return Cell("", 0)
        return Cell(
            self.wording.count(photos), photos, detail=self.wording.count(events) if self._events else ""
        )

    def _day(self, label: str) -> Small:
        say, hours = self._say, self._hours[label]
        peak = max(range(_DAY), key=hours.__getitem__)
        when = say("most from {hour} to {next} h").format(hour=peak, next=peak + 1)
        return small_histogram(
            [Range(hour, hour + 1, count) for hour, count in enumerate(hours)],
            self.wording,
            title=self._name(label),
            value=when,
            reading=say("Photos: {n}").format(n=self.wording.count(sum(hours))),
            ends=("0", "24"),
            spoken=when,
        )

    def _number(self, value: int) -> Cell:
        return Cell(self.wording.count(value), value)

    def _of_all(self, value: int) -> tuple[str, str]:
        return self.wording.count(value), self._share(value)

    def _share(self, value: int) -> str:
        return self.wording.percent(value / self._counts.found if self._counts.found else float("nan"))

    def _rank(self, label: str) -> str:
        return self._say(self._ranks[label]) if label in self._ranks else ""

    def _name(self, label: str) -> str:
        return self._names.get(label, label)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else MISSING


def _making(recipe: DeriveRecipe, say: Say) -> Section:
    """How the answers were decided, as far as it was asked for."""
    asked: Mapping[str, object] = {
        say("Results"): recipe.results,
        say("Threshold"): recipe.threshold,
        say("Excluded"): ", ".join(recipe.exclude),
        say("List of species"): recipe.species_list,
        say("Region"): recipe.region,
        say("Roll-up to"): recipe.rollup,
        say("Independence, minutes"): f"{recipe.independence:g}" if recipe.independence else "",
    }
    facts = tuple(
        Fact(name, str(value), mono=name == say("Results")) for name, value in asked.items() if value
    )
    return Section("making", say("How this was decided"), "", (Facts(facts),))


def _total(counters: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counters:
        total.update(one)
    return total
