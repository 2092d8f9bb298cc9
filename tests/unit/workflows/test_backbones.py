"""From a name to a backbone: found, converted once, remembered, or refused in one sentence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from taxolens.compose.trainers import load_backbone_maker
from taxolens.core.backbone import BackboneMaker, BackboneRequest, MadeBackbone
from taxolens.core.errors import ModelError, NetworkError, UsageError
from taxolens.core.progress import Silent
from taxolens.modelfile.catalogue import Budget, CatalogueEntry, catalogue, download_path
from taxolens.modelfile.remembered import remembered_path
from taxolens.probe.adopt import Reading, adopt
from taxolens.recipes.train import BackboneRecipe
from taxolens.workflows import backbones
from taxolens.workflows.backbones import (
    add_backbone,
    get_backbone,
    list_backbones,
    remove_backbone,
    resolve_backbone,
)

HALF = (0.5, 0.5, 0.5)


class Listener(Silent):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def no_maker(library: str) -> BackboneMaker:
    raise AssertionError(f"nobody should ask for {library}")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def file(networks: Any, tmp_path: Path) -> Path:
    (tmp_path / "net.onnx").write_bytes(networks.classifier().SerializeToString())
    return tmp_path / "net.onnx"


@pytest.fixture
def bundled(networks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = adopt(
        networks.classifier().SerializeToString(), name="tiny", file=Path("t"), reading=Reading(HALF, HALF)
    )
    monkeypatch.setattr(backbones, "bundled_graph", lambda: graph)


def pinned(
    networks: Any, monkeypatch: pytest.MonkeyPatch, name: str, home: Path | None, opset: int
) -> CatalogueEntry:
    """Makes a small network the file of a catalogue entry, and puts it into `home` where given."""
    data = networks.classifier(opset=opset).SerializeToString()
    changes = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "embedding": None,
        "token": None,
    }
    entry = catalogue()[name].model_copy(update=changes)
    monkeypatch.setitem(catalogue()._things, name, entry)
    if home is not None:
        target = download_path(entry, home)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return entry


def resolve(recipe: BackboneRecipe, home: Path, **more: Any) -> backbones.Backbone:
    return resolve_backbone(recipe, home=home, **{"maker": no_maker, **more})


def test_a_file_is_converted_once(file: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener()
    first = resolve(BackboneRecipe(str(file)), home, progress=listener)
    assert any("ImageNet" in note for note in listener.notes)
    monkeypatch.setattr(backbones, "adopt", no_maker)
    second = resolve(BackboneRecipe(str(file)), home)
    assert second == first
    assert first.name == "net"


def test_a_spoilt_copy_is_made_anew(file: Path, home: Path) -> None:
    first = resolve(BackboneRecipe(str(file)), home)
    assert first.path is not None
    first.path.write_bytes(b"spoilt")
    assert resolve(BackboneRecipe(str(file)), home) == first


def test_another_reading_or_another_file_of_the_same_name_is_another_backbone(
    networks: Any, file: Path, home: Path
) -> None:
    found = [
        resolve(BackboneRecipe(str(file)), home),
        resolve(BackboneRecipe(str(file), mean=HALF, std=HALF), home),
    ]
    found.append(resolve(BackboneRecipe(str(file), embedding="pooled", mean=HALF, std=HALF), home))
    file.write_bytes(networks.classifier(head="MatMul", opset=12).SerializeToString())
    found.append(resolve(BackboneRecipe(str(file)), home))
    assert len({one.path for one in found}) == 4


def test_an_unknown_name_lists_the_known_ones(home: Path) -> None:
    with pytest.raises(UsageError, match="no backbone called mobilnet.*mobilenetv4-small.*timm:NAME"):
        resolve(BackboneRecipe("mobilnet"), home)
    with pytest.raises(ModelError, match="no model file"):
        resolve(BackboneRecipe("gone.onnx"), home)
    with pytest.raises(ModelError, match="folder"):
        resolve(BackboneRecipe(str(home.parent)), home)


class Maker:
    """A library that counts how often it is asked."""

    def __init__(self, networks: Any) -> None:
        self.asked: list[BackboneRequest] = []
        self.onnx: bytes = networks.classifier(head="none").SerializeToString()

    def __call__(self, request: BackboneRequest) -> MadeBackbone:
        self.asked.append(request)
        return MadeBackbone(self.onnx, 16, 16, request.mean or HALF, request.std or HALF, "MIT", 0.0)


def test_a_network_of_a_library_is_made_once_for_each_request(
    networks: Any, tmp_path: Path, home: Path
) -> None:
    maker = Maker(networks)
    weights = tmp_path / "w.safetensors"
    weights.write_bytes(b"one")
    plain = BackboneRecipe("timm:net", weights=weights)
    found = [resolve(plain, home, maker=lambda library: maker) for _ in range(2)]
    assert found[0] == found[1]
    assert (found[0].licence, found[0].card.input.mean) == ("MIT", HALF)
    assert len(maker.asked) == 1
    weights.write_bytes(b"two")
    resolve(plain, home, maker=lambda library: maker)
    resolve(
        BackboneRecipe("timm:net", weights=weights, arguments={"a": "1"}), home, maker=lambda library: maker
    )
    resolve(
        BackboneRecipe("timm:net", weights=weights, mean=(0.1, 0.1, 0.1)), home, maker=lambda library: maker
    )
    assert len(maker.asked) == 4


def test_a_remembered_backbone_needs_its_origin_no_more(file: Path, home: Path) -> None:
    added = add_backbone("mine", BackboneRecipe(str(file), mean=HALF, std=HALF), home=home, maker=no_maker)
    file.unlink()
    found = resolve(BackboneRecipe("mine"), home)
    assert found == added
    assert found.name == "mine"
    rows = {row.name: row for row in list_backbones(home)}
    assert (rows["mine"].kind, rows["mine"].cached, rows["mine"].dimension) == (
        "remembered",
        True,
        found.dimension,
    )


@pytest.mark.parametrize("name", ["auto", "taxolens-tiny", "a/b", "../x", "timm:x", "", "x.onnx"])
def test_a_name_that_means_something_else_is_not_given(file: Path, home: Path, name: str) -> None:
    with pytest.raises(UsageError):
        add_backbone(name, BackboneRecipe(str(file)), home=home, maker=no_maker)


def test_a_catalogue_file_that_came_by_hand_is_checked_and_kept(
    networks: Any, file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match="checksum"):
        add_backbone("mobilenetv2", BackboneRecipe(str(file)), home=home, maker=no_maker)
    pinned(networks, monkeypatch, "mobilenetv2", None, opset=17)
    added = add_backbone("mobilenetv2", BackboneRecipe(str(file)), home=home, maker=no_maker)
    assert added.licence == "Apache-2.0"
    assert added == resolve(BackboneRecipe("mobilenetv2"), home)
    assert {row.name for row in list_backbones(home) if row.cached} >= {"mobilenetv2"}


def test_a_catalogue_file_that_changed_later_is_not_opened(
    networks: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = pinned(networks, monkeypatch, "mobilenetv2", home, opset=17)
    download_path(entry, home).write_bytes(networks.classifier(opset=12).SerializeToString())
    with pytest.raises(ModelError, match="catalogue"):
        get_backbone("mobilenetv2", home=home)


@pytest.mark.usefixtures("bundled")
def test_without_anything_better_the_shipped_one_is_used_and_a_better_one_named(home: Path) -> None:
    listener = Listener()
    found = resolve(BackboneRecipe(), home, progress=listener)
    assert (found.name, found.path) == ("taxolens-tiny", None)
    assert listener.notes == [
        "Using the backbone taxolens-tiny. A better one exists: taxolens models get mobilenetv4-medium"
    ]
    assert resolve(BackboneRecipe("taxolens-tiny"), home) == found
    assert list_backbones(home)[0].kind == "shipped"


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize(
    ("cached", "budget", "chosen", "told"),
    [
        (["mobilenetv2", "mobilenetv4-small"], Budget.BALANCED, "mobilenetv4-small", True),
        (["mobilenetv2", "mobilenetv4-medium"], Budget.BALANCED, "mobilenetv4-medium", False),
        (["mobilenetv4-medium", "dinov2-small"], Budget.BALANCED, "mobilenetv4-medium", False),
        (["mobilenetv4-medium", "dinov2-small"], Budget.ACCURATE, "dinov2-small", False),
        (["mobilenetv4-medium", "mobilenetv2"], Budget.FAST, "mobilenetv2", True),
        (["dinov2-small"], Budget.BALANCED, "dinov2-small", False),
    ],
)
def test_auto_takes_the_best_cached_one_that_is_cheap_enough(
    networks: Any,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    cached: list[str],
    budget: Budget,
    chosen: str,
    told: bool,
) -> None:
    for number, name in enumerate(cached):
        pinned(networks, monkeypatch, name, home, opset=13 + number)
    listener = Listener()
    assert resolve(BackboneRecipe(), home, progress=listener, budget=budget).name == chosen
    assert any("models get" in note for note in listener.notes) is told


def test_an_installation_without_any_backbone_says_how_to_get_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backbones, "bundled_graph", lambda: None)
    with pytest.raises(UsageError, match="taxolens models get"):
        resolve(BackboneRecipe(), home)


def test_a_backbone_that_cannot_be_fetched_is_a_network_error(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "hf_hub_url", lambda *_, **__: "http://127.0.0.1:9/nobody")
    with pytest.raises(NetworkError, match="models add dinov2-small --file"):
        resolve(BackboneRecipe("dinov2-small"), home)


@pytest.mark.slow
@pytest.mark.shared_data
def test_real_weights_become_a_backbone_that_later_needs_no_torch(shared_weights: Path, home: Path) -> None:
    pytest.importorskip("torch")
    recipe = BackboneRecipe(
        "timm:mobilenetv2_100",
        weights=shared_weights / "mobilenetv2_100_same_in1k.safetensors",
        arguments={"pad_type": "same"},
        mean=HALF,
        std=HALF,
    )
    found = resolve(recipe, home, maker=load_backbone_maker)
    assert found.dimension == 1280
    assert resolve(recipe, home) == found
    pixels = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), dtype=np.uint8)
    (embedding,) = ort.InferenceSession(found.graph).run(None, {"image": pixels})
    assert embedding.shape == (1, 1280)
    assert embedding.std() > 0.01


@pytest.mark.parametrize("spoil", [lambda data: b"spoilt", lambda data: data[:-9], lambda data: b""])
def test_a_spoilt_remembered_file_is_listed_as_damaged_beside_the_others(
    file: Path, home: Path, spoil: Callable[[bytes], bytes]
) -> None:
    for name in ("good", "bad"):
        add_backbone(name, BackboneRecipe(str(file), mean=HALF, std=HALF), home=home, maker=no_maker)
    bad = remembered_path("bad", home)
    bad.write_bytes(spoil(bad.read_bytes()))
    rows = {row.name: row for row in list_backbones(home)}
    assert (rows["bad"].kind, rows["bad"].cached) == ("damaged", False)
    assert (rows["good"].kind, rows["good"].cached) == ("remembered", True)


def test_a_remembered_backbone_can_be_removed_even_when_spoilt(file: Path, home: Path) -> None:
    add_backbone("mine", BackboneRecipe(str(file), mean=HALF, std=HALF), home=home, maker=no_maker)
    remembered_path("mine", home).write_bytes(b"spoilt")
    assert remove_backbone("mine", home) == (remembered_path("mine", home),)
    assert "mine" not in {row.name for row in list_backbones(home)}
    assert file.is_file()


def test_what_was_fetched_of_the_catalogue_can_be_removed_with_what_was_made_of_it(
    networks: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned(networks, monkeypatch, "mobilenetv2", home, opset=17)
    get_backbone("mobilenetv2", home=home)
    assert len(remove_backbone("mobilenetv2", home)) == 2
    assert not list(home.rglob("*.onnx"))


@pytest.mark.parametrize("name", ["unknown", "mobilenetv2", "taxolens-tiny", "../x"])
def test_what_is_not_kept_cannot_be_removed_and_is_told(home: Path, name: str) -> None:
    with pytest.raises(UsageError, match="nothing was removed"):
        remove_backbone(name, home)
