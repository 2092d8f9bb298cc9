"""Which photos judge a variant: never those that the model learnt from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.records import Image, Part
from taxolens.core.texts import plain
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.variant import VariantRecipe
from taxolens.workflows.run_folder import MODEL
from taxolens.workflows.variant_photos import _of_run, variant_photos
from tests.unit.workflows.made_run import COLOURS, make_run, write_model_of, write_photos
from tests.unit.workflows.test_identify import Listener


def image(number: int) -> Image:
    return Image(Path(f"{number}.jpg"), f"{number}.jpg", "fox", sha256=f"{number:08x}")


@given(st.lists(st.sampled_from([Part.TRAIN, Part.VAL, Part.TEST, None]), min_size=1, max_size=40))
def test_no_photo_that_taught_ever_judges(own: list[Part | None]) -> None:
    images = [image(number) for number in range(len(own))]
    parts = {(f"{n:08x}", "fox"): part for n, part in enumerate(own) if part is not None}

    judged, rest = _of_run(images, parts)

    known = dict(zip([one.name for one in images], own, strict=True))
    assert all(known[one.name] in (Part.TEST, None) for one in judged)
    assert not {one.name for one in judged} & {one.name for one in rest}
    if Part.TEST in own:
        assert all(known[one.name] is Part.TEST for one in judged)


@pytest.mark.parametrize("held_back", [0, 5])
def test_new_photos_judge_only_where_the_run_held_none_of_these_back(held_back: int) -> None:
    images = [image(number) for number in range(30)]
    parts = {(f"{n:08x}", "fox"): Part.TEST if n < held_back else Part.TRAIN for n in range(10)}

    judged, rest = _of_run(images, parts)

    assert len(judged) == (held_back or 20)
    assert {one.name for one in rest} == {f"{n}.jpg" for n in range(held_back, 10)}


@pytest.mark.parametrize("named", ["run", "file"])
def test_what_a_rival_learnt_from_judges_nobody(named: str, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 10)
    learnt = sorted(photos.glob("*/*.png"))[::3]
    original = write_model_of(tmp_path / "original.onnx", COLOURS)
    run = make_run(tmp_path / "rival", learnt=learnt)
    rival = run if named == "run" else run / MODEL
    out, listener = tmp_path / "out.onnx", Listener()

    def judged(*rivals: Path) -> set[Path]:
        recipe = VariantRecipe(original.path, SourceRecipe(photos), out, rivals=rivals)
        found = variant_photos(
            recipe, tmp_path, original.card, home=tmp_path / "home", progress=listener, say=plain
        )
        return {one.path for one in found.judged}

    whole = judged()
    assert whole & set(learnt) and not listener.notes
    assert judged(rival) == whole - set(learnt)
    assert "because a model learnt from them" in " ".join(listener.notes)
