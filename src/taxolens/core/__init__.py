"""Nouns of the field: plain values that every room may hold. numpy at most."""
