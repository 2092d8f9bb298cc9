"""Labelled photos made ready to learn from: looked at once, tied to their events, divided without leaks."""
