"""Photos are counted, not requests; whoever finds no place is told before the body is read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.problems import Refused
from taxolens.server.desk import Desk
from taxolens.server.doors import Doors, Limits
from taxolens.server.places import check_room, enter, leave, leave_one, take
from taxolens.server.visit import Visit
from tests.unit.inference.colour_model import write_colour_model, write_photo
from tests.unit.server.listeners import connected
from tests.unit.server.served import Options, served

_DESK = cast(Desk, None)  # places do not ask it
_MOST, _AT_ONCE = 9, 3


def _visit() -> Visit:
    return Visit.of({"headers": [], "method": "POST", "path": "/predict"})


class _Crowd:
    """Requests that come, are counted, answered and gone."""

    def __init__(self) -> None:
        self.doors = Doors(_DESK, limits=Limits(places=_MOST, at_once=_AT_ONCE))
        self.visits: dict[int, Visit] = {}

    def come(self, who: int, photos: int) -> None:
        with suppress(Refused):
            check_room(self.doors, strange=False)
            self.end(who, photos)
            self.visits[who] = _visit()
            enter(self.doors, self.visits[who])

    def be_counted(self, who: int, photos: int) -> None:
        if who in self.visits and self.visits[who].places == 1:
            try:
                take(self.doors, self.visits[who], photos)
            except Refused:
                self.end(who, photos)

    def be_answered(self, who: int, photos: int) -> None:
        leave_one(self.doors, self.visits.get(who, _visit()))

    def end(self, who: int, photos: int) -> None:
        leave(self.doors, self.visits.pop(who, _visit()))


_STEPS = st.sampled_from([_Crowd.come, _Crowd.be_counted, _Crowd.be_answered, _Crowd.end])


@given(st.lists(st.tuples(_STEPS, st.integers(0, 7), st.integers(1, 20))))
def test_those_who_come_in_never_want_more_than_there_are_places_at_the_desk(
    steps: list[tuple[Callable[[_Crowd, int, int], None], int, int]],
) -> None:
    crowd = _Crowd()
    for step, who, photos in steps:
        step(crowd, who, photos)
        places = [one.places for one in crowd.visits.values()]
        assert crowd.doors.traffic.places == sum(places)
        assert sum(min(one, _AT_ONCE) for one in places) <= _MOST


def test_a_request_that_is_alone_may_have_more_photos_than_there_are_places() -> None:
    doors, alone, other = Doors(_DESK, limits=Limits(places=3, at_once=2)), _visit(), _visit()
    enter(doors, alone)
    take(doors, alone, 32)
    with pytest.raises(Refused, match="as much to do"):
        check_room(doors, strange=False)
    leave(doors, alone)
    enter(doors, other)
    enter(doors, alone)
    enter(doors, _visit())
    with pytest.raises(Refused, match="as much to do"):
        take(doors, alone, 32)


def test_many_photos_of_one_request_fill_the_server_before_the_next_body_is_read(tmp_path: Path) -> None:
    model = write_colour_model(tmp_path / "colours.onnx")
    photo = write_photo(tmp_path / "red.png").read_bytes()
    options = Options(limits=Limits(places=5, at_once=2), delay=0.1)
    with served(model.path, options=options) as address, httpx.Client(base_url=address, timeout=20) as client:
        statuses: list[int] = []

        def ask_many() -> None:
            files = [("file", (f"{number}.png", photo)) for number in range(12)]
            statuses.append(client.post("/predict", files=files).status_code)

        asking = threading.Thread(target=ask_many)
        asking.start()
        time.sleep(0.4)
        where = urlsplit(address)
        with connected((str(where.hostname), int(where.port or 0))) as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 503 ")
        asking.join()
        assert statuses == [200]
        assert client.post("/predict", content=photo).status_code == 200
