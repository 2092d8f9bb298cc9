"""Places: how many photos are received, wait and are worked on at once, over all requests.

A request takes one place before a byte of its body is read, and one for each of its photos once they are counted; each
photo leaves its own with its answer. Nobody who came in finds the queue full. Orders about models have places of their own.
"""

from __future__ import annotations

from taxolens.problems import Refused
from taxolens.server.doors import Doors
from taxolens.server.refusal import PREDICT, PROTOCOL
from taxolens.server.visit import Visit

_ASKED = frozenset({PREDICT, "/", "/page/answer", "/page/picture"})
_ORDERS = 4
"""Orders about models at once; one loads, the others wait for it."""


def takes_place(visit: Visit) -> bool:
    """Whether a request brings photos, wherever there is somebody to look at them."""
    named = visit.path.startswith(f"{PROTOCOL}/models/") and visit.path.endswith("/infer")
    return visit.method == "POST" and (named or visit.path in _ASKED)


def is_order(visit: Visit) -> bool:
    """Whether a request loads, unloads or lists models."""
    return visit.method == "POST" and visit.path.startswith(f"{PROTOCOL}/repository/")


def check_orders(doors: Doors) -> None:
    """Refuses an order about models, unread, beside too many others.

    Raises:
        Refused: there are as many as may be (503).
    """
    if doors.traffic.orders >= _ORDERS:
        raise _crowded()


def check_room(doors: Doors, *, strange: bool) -> None:
    """Refuses a request, unread, for which there is no place.

    Args:
        strange: its key, where one is asked for, is in its body still. Whoever has shown no key yet cannot take all
            places from those who have.

    Raises:
        Refused: there is none (503).
    """
    most, traffic = doors.limits.places, doors.traffic
    if traffic.places >= most or (strange and traffic.strangers >= max(1, most // 4)):
        raise _crowded()


def enter(doors: Doors, visit: Visit) -> None:
    """Gives a request a place."""
    doors.traffic.places += 1
    visit.places = 1


def take(doors: Doors, visit: Visit, photos: int) -> None:
    """Gives each photo of a request a place.

    A request for which there is no room beside the others is refused; one that is alone is answered, however many photos
    it has.

    Raises:
        Refused: there are not enough places (503).
    """
    limits, traffic = doors.limits, doors.traffic
    others = traffic.places - visit.places
    if others and others + min(photos, limits.at_once) > limits.places:
        raise _crowded()
    traffic.places = others + photos
    visit.places = photos


def leave_one(doors: Doors, visit: Visit) -> None:
    """Frees the place of a photo that has its answer; the last stays until the whole request has."""
    if visit.places > 1:
        doors.traffic.places -= 1
        visit.places -= 1


def leave(doors: Doors, visit: Visit) -> None:
    """Frees all places of a request."""
    doors.traffic.places -= visit.places
    visit.places = 0


def _crowded() -> Refused:
    return Refused(503, "The server has as much to do as it can take. Try again soon.", retry_after=1)
