"""Springtail photos drawn from numbers: sample data and test data, never a real result."""
