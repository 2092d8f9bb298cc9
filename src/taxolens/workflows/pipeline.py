"""Two model files to the pipeline that names them."""

from __future__ import annotations

from taxolens.core.errors import UsageError
from taxolens.modelfile.pipeline import SUFFIX, is_pipeline, read_cascade, write_pipeline
from taxolens.recipes.pipeline import PipelineRecipe


def make_pipeline(recipe: PipelineRecipe) -> None:
    """Writes the pipeline, with the usual numbers, which may then be changed by hand.

    Raises:
        UsageError: `out` is no name for one, or something lies there.
        ModelError: a model cannot be used, or is made for something else.
        OutputError: it cannot be written.
    """
    if not is_pipeline(recipe.out) or recipe.out.is_dir():
        raise UsageError(
            "A pipeline is written to a name that ends in {suffix}, not to {out}.",
            suffix=SUFFIX,
            out=recipe.out,
        )
    if recipe.out.exists():
        raise UsageError(
            "{out} is there already, perhaps with numbers that somebody changed. Move it away, or name another --out.",
            out=recipe.out,
        )
    files = read_cascade(recipe.detector, recipe.model)
    write_pipeline(files, recipe.out, name=recipe.name or recipe.out.stem)
