from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import ModelError, UsageError
from taxolens.imaging.region import CropRule
from taxolens.inference.opened import open_model
from taxolens.modelfile.pipeline import (
    CascadeFiles,
    CascadeNumbers,
    read_cascade,
    read_pipeline,
    write_pipeline,
)
from taxolens.recipes.pipeline import PipelineRecipe
from taxolens.workflows.pipeline import make_pipeline
from tests.unit.inference.colour_model import write_colour_model
from tests.unit.inference.square_detector import write_square_model


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> CascadeFiles:
    folder = tmp_path_factory.mktemp("models")
    write_square_model(folder / "find" / "squares.onnx")
    write_colour_model(folder / "colours.onnx")
    return read_cascade(folder / "find" / "squares.onnx", folder / "colours.onnx")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pipeline with its models in one folder."""
    write_square_model(tmp_path / "find" / "squares.onnx")
    write_colour_model(tmp_path / "colours.onnx")
    files = read_cascade(tmp_path / "find" / "squares.onnx", tmp_path / "colours.onnx")
    write_pipeline(files, tmp_path / "both.toml", name="eastern woods")
    return tmp_path


SHARE = st.floats(0, 1)
NUMBERS = st.builds(
    CascadeNumbers, st.none() | SHARE, SHARE, SHARE, SHARE, SHARE, SHARE, SHARE, st.none() | st.booleans()
)
CROPS = st.builds(CropRule, st.floats(0, 5), st.integers(1, 5000), st.booleans(), SHARE)


@given(crop=CROPS, rule=NUMBERS, name=st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_what_is_written_is_read_back(
    models: CascadeFiles, crop: CropRule, rule: CascadeNumbers, name: str
) -> None:
    written = dataclasses.replace(models, crop=crop, rule=rule)
    path = models.classifier.path.with_name("p.toml")
    write_pipeline(written, path, name=name)
    back = read_pipeline(path)
    assert (back.crop, back.rule) == (crop, rule)
    assert (back.detector.sha256, back.classifier.sha256) == (
        models.detector.sha256,
        models.classifier.sha256,
    )


def test_a_folder_with_a_pipeline_and_its_models_may_be_moved(folder: Path, tmp_path: Path) -> None:
    moved = folder.rename(tmp_path.with_name(f"{tmp_path.name} moved"))
    text = (moved / "both.toml").read_text()
    assert 'file = "find/squares.onnx"' in text and 'name = "eastern woods"' in text
    assert open_model(moved / "both.toml").card.name == "colours"


def test_a_pipeline_needs_no_more_than_its_files(folder: Path) -> None:
    text = (folder / "both.toml").read_text()
    (folder / "both.toml").write_text(text[text.index("[detector]") : text.index("[crop]")])
    back = read_pipeline(folder / "both.toml")
    assert (back.crop, back.rule) == (CropRule(), CascadeNumbers())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("find/squares.onnx", "find/gone.onnx", "which is not there"),
        ('file = "colours.onnx"', 'file = "find/squares.onnx"', "means another find/squares.onnx"),
        ("pipeline = 1", "pipeline = 2", "another version"),
        ("sure = 0.7", "sure = 1.7", "sure of a rule is a score from 0 to 1"),
        ("sure = 0.7", "shure = 0.7", r"no field rule\.shure\. Choose sure"),
        ("margin = 0.1", "margin = 50.0", "margin of 50"),
        ("margin = 0.1", 'margin = "wide"', "is not a number"),
        ("[detector]", "[finder]", "no field finder"),
        ("[rule]", "[rule", "cannot be read"),
    ],
)
def test_a_pipeline_that_cannot_be_meant_is_refused_in_a_sentence(
    folder: Path, old: str, new: str, message: str
) -> None:
    path = folder / "both.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises((ModelError, UsageError), match=message):
        read_pipeline(path)


def test_a_model_that_was_changed_since_is_refused(folder: Path) -> None:
    write_colour_model(folder / "colours.onnx", version="2")
    with pytest.raises(
        ModelError, match=r"means another colours\.onnx: its sha256 begins with [0-9a-f]{12}, and"
    ):
        read_pipeline(folder / "both.toml")


def test_models_of_the_wrong_kind_are_refused(folder: Path) -> None:
    path = folder / "both.toml"
    text = path.read_text().replace("[detector]", "[x]").replace("[classifier]", "[detector]")
    path.write_text(text.replace("[x]", "[classifier]"))
    with pytest.raises(ModelError, match='needed, and it is one for "classify"'):
        read_pipeline(path)


def test_a_pipeline_has_a_detector_already_and_is_none(folder: Path) -> None:
    with pytest.raises(UsageError, match="names its detector already"):
        open_model(folder / "both.toml", detector=folder / "find" / "squares.onnx")
    with pytest.raises(UsageError, match="is a pipeline"):
        open_model(folder / "colours.onnx", detector=folder / "both.toml")
    with pytest.raises(ModelError, match="no pipeline"):
        open_model(folder / "gone.toml")


def test_a_pipeline_is_made_of_two_models(folder: Path) -> None:
    recipe = PipelineRecipe(folder / "colours.onnx", folder / "find" / "squares.onnx", folder / "made.toml")
    make_pipeline(recipe)
    assert 'name = "made"' in (folder / "made.toml").read_text()
    assert read_pipeline(folder / "made.toml").rule == CascadeNumbers()
    with pytest.raises(UsageError, match=r"ends in \.toml"):
        make_pipeline(dataclasses.replace(recipe, out=folder / "made.onnx"))
    with pytest.raises(ModelError, match="exchanged"):
        make_pipeline(
            dataclasses.replace(
                recipe, model=recipe.detector, detector=recipe.model, out=folder / "other.toml"
            )
        )
