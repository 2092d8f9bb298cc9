"""Chores of the developers; not part of the package."""
