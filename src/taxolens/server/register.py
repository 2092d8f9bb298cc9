"""Which versions of which models there are, and which of them answers. Pure: knows neither files nor processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from taxolens.core.errors import UsageError
from taxolens.server.desk import Served, State
from taxolens.server.faults import NotReady, UnknownModel


@dataclass(slots=True)
class _Model:
    versions: dict[str, Served] = field(default_factory=dict)
    count: int = 0


class Register:
    """Models by name and version.

    Args:
        aliases: other names, each for "NAME" (its newest version that is ready) or "NAME:VERSION".
        keep: how many versions of a model stay ready, the newest included.
    """

    def __init__(self, aliases: Mapping[str, str], *, keep: int = 1) -> None:
        self._aliases = dict(aliases)
        self._keep = keep
        self._models: dict[str, _Model] = {}

    def add(self, name: str) -> None:
        """Takes up a name.

        Raises:
            UsageError: it is taken.
        """
        if name in self._models or name in self._aliases:
            raise UsageError("Two models are called {name}. Name them: NAME=FILE", name=name)
        self._models[name] = _Model()

    def check_aliases(self) -> None:
        """Checks that each alias means a model.

        Raises:
            UnknownModel: one does not.
        """
        for target in self._aliases.values():
            self._model(target.partition(":")[0])

    def __iter__(self) -> Iterator[Served]:
        for name in sorted(self._models):
            for served in self._models[name].versions.values():
                yield replace(served, aliases=self._aliases_of(served))

    def names(self) -> tuple[str, ...]:
        """All names, in the order in which they were added."""
        return tuple(self._models)

    def name_of(self, name: str) -> str:
        """The model's own name of a name or an alias.

        Raises:
            UnknownModel: there is none.
        """
        own = self._aliases.get(name, name).partition(":")[0]
        self._model(own)
        return own

    def find(self, name: str | None = None, version: str | None = None) -> Served:
        """See `taxolens.server.desk.Desk.find`."""
        name = name or next(iter(self._models), "")
        if name in self._aliases:
            name, _, pinned = self._aliases[name].partition(":")
            version = version or pinned or None
        served = self._version(name, version) if version else self._newest(name)
        if served.state is not State.READY:
            raise _not_ready(served)
        return replace(served, aliases=self._aliases_of(served))

    def last(self, name: str) -> Served | None:
        """The version with the highest number; None where none was ever loaded."""
        versions = self._model(name).versions
        return next(reversed(versions.values()), None)

    def number(self, name: str) -> str:
        """The next version's number."""
        model = self._model(name)
        model.count += 1
        return str(model.count)

    def put(self, served: Served) -> tuple[Served, ...]:
        """Enters a version, or changes what is known of it; one that is ready is the newest from now on.

        Returns:
            The versions that no longer answer because of it.
        """
        versions = self._model(served.name).versions
        versions[served.version] = served
        ready = [one for one in versions.values() if one.state is State.READY]
        surplus = [one for one in ready[: -self._keep] if not self._pinned(one)]
        gone = {one.version for one in surplus}
        if served.state is not State.LOADING:
            idle = (State.FAILED, State.UNLOADED)
            gone |= {
                one.version
                for one in versions.values()
                if one.state in idle and one.version != served.version
            }
        for version in gone:
            del versions[version]
        return tuple(surplus)

    def retire(self, name: str) -> tuple[Served, ...]:
        """Has no version of a model answer any more; returns those that did."""
        versions = self._model(name).versions
        ready = tuple(one for one in versions.values() if one.state is State.READY)
        for one in ready:
            versions[one.version] = replace(one, state=State.UNLOADED)
        return ready

    def _newest(self, name: str) -> Served:
        versions = list(self._model(name).versions.values())
        ready = [one for one in versions if one.state is State.READY]
        if not versions:
            raise NotReady("The model {name} is being loaded. Ask again soon.", name=name)
        return (ready or versions)[-1]

    def _version(self, name: str, version: str) -> Served:
        versions = self._model(name).versions
        if version not in versions:
            raise UnknownModel(
                "There is no version {version} of the model {name}. There is: {known}.",
                version=version,
                name=name,
                known=", ".join(versions) or "none",
            )
        return versions[version]

    def _model(self, name: str) -> _Model:
        if name not in self._models:
            raise UnknownModel(
                "There is no model {name} here. There is: {known}.", name=name, known=", ".join(self._models)
            )
        return self._models[name]

    def _pinned(self, served: Served) -> bool:
        return f"{served.name}:{served.version}" in self._aliases.values()

    def _aliases_of(self, served: Served) -> tuple[str, ...]:
        newest = self._newest(served.name)
        means = {f"{served.name}:{served.version}"} | (
            {served.name} if newest.version == served.version else set()
        )
        return tuple(sorted(alias for alias, target in self._aliases.items() if target in means))


def _not_ready(served: Served) -> NotReady:
    name, version = served.name, served.version
    if served.state is State.UNLOADED:
        return NotReady("The model {name} was taken out of service. Load it first.", name=name)
    if served.state is State.FAILED:
        return NotReady(
            "Version {version} of the model {name} could not be loaded: {why}",
            version=version,
            name=name,
            why=served.reason,
        )
    return NotReady("The model {name} is being loaded. Ask again soon.", name=name)
