"""Detectors judged by their boxes: takes boxes, never models."""
