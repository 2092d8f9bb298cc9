"""Stops from outside come when it suits us."""

from __future__ import annotations

import os
import signal
import time

import pytest

from taxolens.cli.stopping import interrupt_waits


def test_an_interrupt_waits_until_a_library_is_loaded() -> None:
    steps = []
    with pytest.raises(KeyboardInterrupt), interrupt_waits():
        os.kill(os.getpid(), signal.SIGINT)
        steps.append("loaded")
    assert steps == ["loaded"]


def test_afterwards_an_interrupt_is_obeyed_at_once() -> None:
    with interrupt_waits():
        pass
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)
        pytest.fail("nobody was interrupted")
