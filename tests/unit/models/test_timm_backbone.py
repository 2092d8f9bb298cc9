"""Networks of timm: named, loaded without pickle, exported, compared."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import onnxruntime as ort  # noqa: E402

from taxolens.core.backbone import BackboneRequest  # noqa: E402
from taxolens.core.errors import ModelError, NetworkError, ParityError, UsageError  # noqa: E402
from taxolens.models import timm_backbone  # noqa: E402
from taxolens.models.timm_backbone import make_backbone, typed  # noqa: E402
from taxolens.models.torchvision_fallback import load_timm  # noqa: E402

pytestmark = pytest.mark.slow
TINY = "test_convnext"
"""timm's own network for tests."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from safetensors.torch import save_file

    torch.manual_seed(0)
    network = load_timm().create_model(TINY, num_classes=7)
    file = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, file)
    return file


def test_the_graph_answers_as_the_network_does(weights: Path) -> None:
    made = make_backbone(BackboneRequest(TINY, weights, size=64, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)))
    network = load_timm().create_model(TINY, num_classes=0)
    timm_backbone._load(network, weights, network.pretrained_cfg)
    pixels = np.random.default_rng(5).standard_normal((3, 3, 64, 64)).astype(np.float32)
    with torch.no_grad():
        expected = network.eval()(torch.from_numpy(pixels)).numpy()
    answered = ort.InferenceSession(made.onnx).run(None, {"pixels": pixels})[0]
    np.testing.assert_allclose(answered, expected, rtol=1e-3, atol=1e-4)
    assert (made.width, made.height, made.mean) == (64, 64, (0.5, 0.5, 0.5))
    assert made.largest_difference < 1e-3


def test_size_and_normalisation_are_the_network_s_own_unless_given(weights: Path) -> None:
    made = make_backbone(BackboneRequest(TINY, weights))
    settings = load_timm().create_model(TINY).pretrained_cfg
    assert made.width == settings["input_size"][-1]
    assert made.std == tuple(settings["std"])


def test_an_unknown_network_is_answered_with_near_ones() -> None:
    with pytest.raises(UsageError, match="mobilenetv2_100"):
        make_backbone(BackboneRequest("mobilenet_v2_100"))


def test_an_unknown_argument_is_named(weights: Path) -> None:
    with pytest.raises(UsageError, match="colour=blue"):
        make_backbone(BackboneRequest(TINY, weights, MappingProxyType({"colour": "blue"})))


@pytest.mark.parametrize("suffix", ["pth", "pt", "bin", "ckpt"])
def test_weights_that_could_run_code_are_not_opened(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"weights.{suffix}"
    with pytest.raises(ModelError, match="safetensors"):
        make_backbone(BackboneRequest(TINY, file))


@pytest.mark.parametrize(
    "argument",
    [
        {"checkpoint_path": "{file}"},
        {"pretrained": "true", "pretrained_cfg_overlay": "{{'file': '{file}'}}"},
        {"cache_dir": "{file}"},
    ],
)
def test_no_argument_of_a_file_makes_timm_open_or_fetch_weights(
    argument: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from taxolens.models.network import build_network
    from taxolens.recipes.network import NetworkRecipe

    file = tmp_path / "weights.pth"
    torch.save(load_timm().create_model(TINY, num_classes=2).state_dict(), file)
    opened: list[object] = []
    monkeypatch.setattr(torch, "load", lambda *given, **named: opened.append(given))
    arguments = MappingProxyType({name: text.format(file=file) for name, text in argument.items()})
    with pytest.raises(UsageError, match="--weights"):
        build_network(NetworkRecipe(f"timm:{TINY}", arguments=arguments), ("a", "b"), pretrained=False)
    assert not opened


def test_weights_that_are_absent_damaged_or_others_are_told_apart(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no file"):
        make_backbone(BackboneRequest(TINY, tmp_path / "none.safetensors"))
    (tmp_path / "torn.safetensors").write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelError, match="damaged"):
        make_backbone(BackboneRequest(TINY, tmp_path / "torn.safetensors"))
    with pytest.raises(ModelError, match="not those of this network"):
        make_backbone(BackboneRequest("test_resnet", weights))


def test_without_weights_and_network_it_says_what_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: None)
    with pytest.raises(NetworkError, match="--weights FILE.safetensors"):
        make_backbone(BackboneRequest(TINY))


def test_a_graph_that_answers_otherwise_is_never_handed_out(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = timm_backbone._exported

    def spoilt(embedder: Any, side: int) -> bytes:
        graph = plain(embedder, side)
        with torch.no_grad():
            for parameter in embedder.parameters():
                parameter.mul_(1.05)
        return graph

    monkeypatch.setattr(timm_backbone, "_exported", spoilt)
    with pytest.raises(ParityError, match="differs"):
        make_backbone(BackboneRequest(TINY, weights))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("same", "same"),
        ("3", 3),
        ("0.5", 0.5),
        ("true", True),
        ("None", None),
        ("(1, 2)", (1, 2)),
        ("a b", "a b"),
    ],
)
def test_arguments_get_the_type_they_look_like(text: str, value: object) -> None:
    assert typed(text) == value
    assert type(typed(text)) is type(value)


@pytest.mark.slow
def test_pooling_all_stages_adds_means_and_deviations_behind_the_plain_embedding(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    weights = tmp_path / "weights.safetensors"
    timm = load_timm()
    torch.manual_seed(0)
    network = timm.create_model("mobilenetv3_small_050", num_classes=0, exportable=True).eval()
    save_file(network.state_dict(), weights)
    pixels = np.random.default_rng(0).standard_normal((2, 3, 64, 64)).astype(np.float32)

    def answer(**arguments: str) -> np.ndarray:
        request = BackboneRequest("mobilenetv3_small_050", weights=weights, size=64, arguments=arguments)
        session = ort.InferenceSession(make_backbone(request).onnx)
        return session.run(None, {session.get_inputs()[0].name: pixels})[0]

    plain, stages = answer(), answer(pool="stages")
    width = plain.shape[1]
    np.testing.assert_allclose(stages[:, :width], plain, rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        maps = network.forward_intermediates(torch.from_numpy(pixels))[1]
    expected = np.concatenate(
        [part for one in maps for part in (one.mean((2, 3)).numpy(), one.std((2, 3), correction=0).numpy())],
        1,
    )
    np.testing.assert_allclose(stages[:, width:], expected, rtol=1e-3, atol=1e-4)
    with pytest.raises(UsageError, match="cannot pool sideways"):
        answer(pool="sideways")
