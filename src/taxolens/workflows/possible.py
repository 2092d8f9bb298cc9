"""Which classes of a model an answer may be: by what was excluded, and by lists of what lives where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from taxolens.core.errors import UsageError
from taxolens.core.taxonomy import Taxon
from taxolens.formats.species_list import SpeciesList
from taxolens.inference.ladder import lineage

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Excluded:
    """Classes that no answer may be.

    Attributes:
        usual: where nothing else is known.
        at: site -> all of them there.
    """

    usual: frozenset[str]
    at: Mapping[str, frozenset[str]]


class Classes:
    """The classes of a model by all that people call them: label, scientific name, names, taxa above."""

    def __init__(self, taxa: Sequence[Taxon]) -> None:
        self._taxa = tuple(taxa)
        self._called: dict[str, set[str]] = defaultdict(set)
        for taxon in taxa:
            for name in _names(taxon):
                self._called[_key(name)].add(taxon.id)

    def named(self, names: Iterable[str]) -> frozenset[str]:
        """The labels of classes that are called so.

        Raises:
            UsageError: nothing is called so.
        """
        found: set[str] = set()
        for name in names:
            if _key(name) not in self._called:
                near = get_close_matches(_key(name), self._called, n=1, cutoff=0.7)
                known = sorted(self._called[near[0]]) if near else [taxon.id for taxon in self._taxa[:_SHOWN]]
                raise UsageError(
                    "No class of the model is called {name}. Choose from: {known}.",
                    name=name,
                    known=", ".join(known),
                )
            found |= self._called[_key(name)]
        return frozenset(found)

    def impossible(self, possible: Iterable[str]) -> frozenset[str]:
        """The labels of organisms that a list does not name; blanks, people and vehicles are always possible.

        Raises:
            UsageError: the list names no class of the model.
        """
        here = {label for name in possible for label in self._called.get(_key(name), ())}
        out = frozenset(taxon.id for taxon in self._taxa if taxon.role is None and taxon.id not in here)
        if not here:
            raise UsageError(
                "The list of species names no class of the model. Call them as the model does: {known}.",
                known=", ".join(taxon.id for taxon in self._taxa[:_SHOWN]),
            )
        return out


def excluded(classes: Classes, names: Iterable[str], species: SpeciesList | None) -> Excluded:
    """What is excluded by name and by a list.

    Raises:
        UsageError: a name is no class, or the list names none.
    """
    asked = classes.named(names)
    if species is None:
        return Excluded(asked, MappingProxyType({}))
    usual = asked | (classes.impossible(species.everywhere) if species.everywhere else frozenset())
    at = {site: asked | classes.impossible(here) for site, here in species.by_site.items()}
    return Excluded(usual, MappingProxyType(at))


def _names(taxon: Taxon) -> Iterable[str]:
    yield taxon.id
    yield from taxon.names.values()
    if taxon.scientific:
        yield taxon.scientific
    yield from lineage(taxon).values()


def _key(name: str) -> str:
    return " ".join(name.replace("_", " ").split()).casefold()
