"""What every request finds: the desk, what is allowed, and what goes on right now."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request

from taxolens.server.desk import Desk
from taxolens.server.keys import Keys
from taxolens.server.measures import Measures

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a single request may ask for.

    Attributes:
        body: bytes.
        photos: in one request.
        seconds: from the request's last byte to its answer.
        places: photos that are received, wait or are worked on at once; see `taxolens.server.places`.
        held: bytes of bodies and of what they grow to while they are read, over all requests.
        at_once: photos of one request that are at the desk together; the others of it wait for them.
        numbers: values and lists that JSON may hold, an object counted as eight; see `taxolens.server.growth`.
        silence: seconds in which nothing of a body arrives.
        grace: seconds after which a body must have come at `rate` on average.
        rate: bytes a second.
        longest: seconds in which a whole body must have come, however steadily it trickles.
    """

    body: int = 64 * MEGABYTE
    photos: int = 32
    seconds: float = 30.0
    places: int = 68
    held: int = 768 * MEGABYTE
    at_once: int = 4
    numbers: int = 5_000_000
    silence: float = 10.0
    grace: float = 20.0
    rate: int = 8_000
    longest: float = 300.0


@dataclass(slots=True)
class Traffic:
    """What goes on right now.

    Attributes:
        places: photos that are received, wait or are worked on.
        strangers: requests whose key, where one is asked for, is in their body still.
        orders: to load, to unload and to list models, that are carried out.
        held: bytes of bodies and of what they grew to.
        strange_held: of these, those of strangers.
        closing: the server ends; whoever asks is told not to come again.
    """

    places: int = 0
    strangers: int = 0
    orders: int = 0
    held: int = 0
    strange_held: int = 0
    closing: bool = False


@dataclass(frozen=True, slots=True)
class Doors:
    """What every request finds.

    Attributes:
        desk: answers.
        limits: what a single request may ask for.
        keys: who may ask; None: everybody.
        origins: pages of other addresses that browsers may let ask ("*": all).
        local: only this machine can reach the server.
        measures: what is counted.
        traffic: what goes on right now.
    """

    desk: Desk
    limits: Limits = field(default_factory=Limits)
    keys: Keys | None = None
    origins: tuple[str, ...] = ()
    local: bool = True
    measures: Measures = field(default_factory=Measures)
    traffic: Traffic = field(default_factory=Traffic)

    @property
    def ready(self) -> bool:
        """Whether requests are welcome."""
        return self.desk.ready and not self.traffic.closing


def doors_of(request: Request) -> Doors:
    """What every request finds."""
    doors: Doors = request.app.state.doors
    return doors
