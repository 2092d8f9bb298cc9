"""Measurements; see README.md for what they gave, where and when."""
