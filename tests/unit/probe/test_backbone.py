"""A backbone tells what it is; two are the same exactly when their embeddings must be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from taxolens.core.errors import ModelError
from taxolens.imaging.preprocess import Fit
from taxolens.probe.adopt import Reading, adopt
from taxolens.probe.backbone import Backbone, bundled_backbone, read_backbone

FILE = Path("net.onnx")


def made(networks: Any, **reading: Any) -> Backbone:
    data = adopt(networks.classifier().SerializeToString(), name="net", file=FILE, reading=Reading(**reading))
    return read_backbone(data, FILE)


def test_a_backbone_tells_dimension_rule_and_licence(networks: Any) -> None:
    found = made(networks, licence="MIT")
    assert (found.name, found.dimension, found.licence) == ("net", networks.dimension, "MIT")
    assert (found.preprocess.width, found.preprocess.fit) == (16, Fit.SQUASH)


def test_another_normalisation_or_fit_is_another_identity(networks: Any) -> None:
    one = made(networks)
    again = made(networks).with_fit(Fit.SQUASH)
    others = [made(networks, mean=(0.1, 0.2, 0.3)), one.with_fit(Fit.CROP), one.with_fit(Fit.LETTERBOX)]
    assert len({one.identity, *(other.identity for other in others)}) == 4
    assert one.with_fit(Fit.CROP).preprocess.fit is Fit.CROP
    assert again.sha256 != "" and one.with_fit(Fit.CROP).graph == one.graph


def test_a_finished_model_is_not_read_as_a_backbone(networks: Any) -> None:
    from taxolens.modelfile.write import model_bytes

    data = model_bytes(networks.finished(), networks.card())
    with pytest.raises(ModelError, match="embed"):
        read_backbone(data, FILE)


def test_a_packaged_graph_gets_its_card_from_its_shapes(networks: Any) -> None:
    from onnx import load_from_string

    graph = load_from_string(
        adopt(networks.classifier().SerializeToString(), name="n", file=FILE, reading=Reading())
    )
    del graph.metadata_props[:]
    found = bundled_backbone(graph.SerializeToString(), name="tiny", licence="Apache-2.0")
    assert (found.name, found.dimension, found.preprocess.width, found.path) == (
        "tiny",
        networks.dimension,
        16,
        None,
    )
    assert found.licence == "Apache-2.0"
