from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from taxolens.inference.decoders.candidates import Candidates  # noqa: E402
from taxolens.inference.suppression import suppress  # noqa: E402
from taxolens.models.torchvision_fallback import _nms, lend_torchvision  # noqa: E402

corner = st.floats(0, 50, width=32)
boxes = st.lists(
    st.tuples(corner, corner, st.floats(0.5, 30, width=32), st.floats(0.5, 30, width=32)), max_size=12
)


@settings(max_examples=60)
@given(boxes=boxes, overlap=st.sampled_from([0.0, 0.3, 0.5, 0.7]), data=st.data())
def test_boxes_are_thinned_as_torchvision_documents_it(
    boxes: list[tuple[float, ...]], overlap: float, data: st.DataObject
) -> None:
    scores = data.draw(
        st.lists(st.floats(0, 1, width=32), min_size=len(boxes), max_size=len(boxes), unique=True)
    )
    corners = np.array([[x, y, x + w, y + h] for x, y, w, h in boxes], np.float32).reshape(-1, 4)
    kept = _nms(torch.from_numpy(corners), torch.tensor(scores), overlap)
    judge = suppress(Candidates(corners, np.array(scores, np.float32).reshape(-1, 1)), overlap)
    assert kept.tolist() == judge.tolist()


def test_libraries_find_the_operator() -> None:
    lend_torchvision()
    from torchvision.ops import batched_nms

    corners = torch.tensor([[0.0, 0, 10, 10], [1, 1, 10, 10], [1, 1, 10, 10]])
    kept = batched_nms(corners, torch.tensor([0.9, 0.8, 0.7]), torch.tensor([0, 0, 1]), 0.5)
    assert kept.tolist() == [0, 2]
