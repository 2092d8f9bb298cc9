"""Names of ready models where a model file is asked for."""

from __future__ import annotations

from pathlib import Path

from taxolens.cli.words import settings


def model_named(typed: Path) -> Path:
    """The model file that somebody names: itself, or the one of a ready model's name.

    Raises:
        UsageError: a ready model that is not here yet.
    """
    if len(typed.parts) != 1 or typed.suffix.lower() in (".onnx", ".toml") or typed.exists():
        return typed
    # Most commands name a file, and need not wait for the catalogue.
    from taxolens.modelfile.ready import ready_models
    from taxolens.workflows.ready import ready_file

    return ready_file(str(typed), settings.home) if str(typed) in ready_models() else typed


def models_named(typed: list[Path]) -> list[Path]:
    """The same for several."""
    return [model_named(one) for one in typed]
