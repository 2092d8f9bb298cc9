"""Counts in words, of one and of several."""

from __future__ import annotations

from taxolens.report.wording import Wording


def photos(n: int, wording: Wording) -> str:
    """ "1 photo", "1,200 photos"."""
    return wording.say("1 photo") if n == 1 else wording.say("{n} photos").format(n=wording.count(n))


def groups(n: int, wording: Wording) -> str:
    """ "1 group", "12 groups"."""
    return wording.say("1 group") if n == 1 else wording.say("{n} groups").format(n=wording.count(n))


def group_name(number: int, wording: Wording) -> str:
    """Of a group that bears no name, counted from 0: "Group 1"."""
    return wording.say("Group {n}").format(n=number + 1)
