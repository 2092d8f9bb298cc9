from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.records import Prediction, Score, Status
from taxolens.core.texts import plain
from taxolens.formats.result import Result
from taxolens.report.page import Page
from taxolens.report.wording import Wording
from taxolens.workflows.blanks import LEAST_RUN, Blanks
from taxolens.workflows.blanks_page import blanks_section
from taxolens.workflows.site_book import SiteBook

NOON = datetime(2026, 5, 1, 12, 0)


def counted(blank: Iterable[bool], apart: timedelta | None = timedelta(minutes=1)) -> Blanks:
    found = Blanks()
    for number, one in enumerate(blank):
        found.add(f"{number}.jpg", NOON + number * apart if apart is not None else None, blank=one)
    return found


def test_grass_in_the_wind_is_a_run() -> None:
    found = counted([False] * 3 + [True] * 30 + [False] + [True] * 5)
    assert (found.runs, found.in_runs) == (1, 30)
    assert found.longest is not None
    assert (found.longest.photos, found.longest.name) == (30, "3.jpg")
    assert found.longest.last == NOON + timedelta(minutes=32)


def test_blanks_with_pauses_between_them_are_no_run() -> None:
    found = counted([True] * 50, timedelta(minutes=11))
    assert (found.runs, found.longest and found.longest.photos) == (0, 1)


def test_without_times_only_other_photos_end_a_run() -> None:
    assert counted([True] * LEAST_RUN + [False] + [True] * LEAST_RUN, None).runs == 2


def test_days_hold_the_photos_and_the_blanks_among_them() -> None:
    found = counted([True, False, True, True], timedelta(hours=8))
    assert found.photos == {date(2026, 5, 1): 2, date(2026, 5, 2): 2}
    assert found.blank == {date(2026, 5, 1): 1, date(2026, 5, 2): 2}


@given(st.lists(st.booleans(), max_size=120))
def test_runs_never_hold_more_than_all_blanks(blank: list[bool]) -> None:
    found = counted(blank)
    assert found.in_runs <= sum(blank)
    assert found.in_runs >= LEAST_RUN * found.runs
    assert found.blank.total() == sum(blank)


def result(site: str, number: int, label: str) -> Result:
    status = Status.BLANK if label == "blank" else Status.OK
    said = Prediction(f"{site}/{number}.jpg", label, 0.9, (Score(label, 0.9),), status=status)
    return Result(said, NOON + timedelta(minutes=number), site)


def page(results: Iterable[Result]) -> str:
    book, wording = SiteBook((), NOON + timedelta(days=3000)), Wording(plain, "en")
    list(book.counting(results))
    section = blanks_section(list(book.sites.values()), wording)
    return Page("t", "l", (section,)).html(wording) if section else ""


def test_the_page_names_cameras_that_saw_nothing_and_long_runs() -> None:
    found = [result("north", number, "fox" if number % 5 else "blank") for number in range(40)]
    html = page([*found, *(result("south", number, "blank") for number in range(2000))])
    assert "Cameras that saw nothing: 1." in html
    assert "south: 2,000" in html
    assert "2026-05-01 12:00 – 21:19" in html
    assert "Blank photos by day" in html


def test_where_nothing_is_blank_there_is_nothing_to_say() -> None:
    assert page(result("north", number, "fox") for number in range(5)) == ""
