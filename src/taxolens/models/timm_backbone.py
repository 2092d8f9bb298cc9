"""A network of the timm library as an ONNX graph that ends in its embedding."""

from __future__ import annotations

import ast
import difflib
import io
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from taxolens.core.backbone import BackboneRequest, MadeBackbone, Triple
from taxolens.core.errors import ModelError, NetworkError, ParityError, UsageError
from taxolens.models.torchvision_fallback import load_timm

OPSET = 17
_INPUT, _OUTPUT = "pixels", "embedding"
_LARGEST_DIFFERENCE = 1e-3
_WEIGHTS = ".safetensors"
_MOST_NAMED = 3
_HUB_FILE = "model.safetensors"
_SECONDS_TO_ANSWER = 10
_POOL = "pool"
_OF_WEIGHTS = ("pretrained", "checkpoint", "cache")
"""What arguments begin with that tell timm where to find weights."""


def make_backbone(request: BackboneRequest) -> MadeBackbone:
    """Builds a timm network, loads its weights and exports what lies before its classifier.

    With the argument `pool=stages` the embedding also holds mean and deviation of every stage.

    Raises:
        UsageError: an architecture or argument that timm does not know.
        ModelError: weights that are no safetensors file or of another network.
        NetworkError: weights that had to be fetched and could not be.
        ParityError: the exported graph answers otherwise than the network.
    """
    pooled, request = _pooling(request)
    network = built(request)
    settings: Mapping[str, Any] = network.pretrained_cfg
    weights = request.weights or fetched(request.architecture, settings)
    _load(network, weights, settings)
    embedder = (_StageEmbedder if pooled else _Embedder)(network).eval()
    side = request.size or int(settings["input_size"][-1])
    graph = _exported(embedder, side)
    return MadeBackbone(
        onnx=graph,
        width=side,
        height=side,
        mean=request.mean or triple(settings["mean"]),
        std=request.std or triple(settings["std"]),
        licence=None if request.weights else settings.get("license"),
        largest_difference=_compare(embedder, graph, side),
    )


class _Embedder(torch.nn.Module):
    """What a network has seen, just before it would decide."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """float32 [N, 3, height, width] to [N, D]."""
        seen: torch.Tensor = self.network.forward_head(self.network.forward_features(pixels), pre_logits=True)
        return seen


class _StageEmbedder(_Embedder):
    """What a network has seen at its end and on the way: of every stage, mean and deviation over the picture.

    Textures are what the first stages see and the last one forgets.
    """

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """float32 [N, 3, height, width] to [N, D + 2 * channels of all stages]."""
        last, stages = self.network.forward_intermediates(pixels, output_fmt="NCHW")
        seen = [self.network.forward_head(last, pre_logits=True)]
        for stage in stages:
            mean = stage.mean((2, 3), keepdim=True)
            spread = (stage - mean).square().mean((2, 3)).sqrt()
            seen += [mean.flatten(1), spread]
        return torch.cat(seen, 1)


def _pooling(request: BackboneRequest) -> tuple[bool, BackboneRequest]:
    """Takes our own argument `pool` out of those that are timm's.

    Raises:
        UsageError: it is neither "stages" nor "last".
    """
    arguments = dict(request.arguments)
    pool = arguments.pop(_POOL, "last")
    if pool not in ("last", "stages"):
        raise UsageError("A backbone cannot pool {pool}. Choose pool=stages or pool=last.", pool=pool)
    return pool == "stages", replace(request, arguments=arguments)


def built(request: BackboneRequest, *, classes: int = 0, dropout: float | None = None) -> Any:
    """A network of timm, without weights.

    Args:
        classes: logits of its new head; 0: none, the network ends in its embedding.
        dropout: before the head; None: the network's own.

    Raises:
        UsageError: timm does not know it, or cannot build it with these arguments.
    """
    timm = load_timm()
    if not timm.is_model(request.architecture):
        near = difflib.get_close_matches(request.architecture, timm.list_models(), n=_MOST_NAMED)
        raise UsageError(
            "timm has no network called {name}. Choose {known}.",
            name=request.architecture,
            known=", ".join(near) or "one of https://huggingface.co/timm",
        )
    _check_arguments(request)
    arguments = {name: typed(value) for name, value in request.arguments.items()}
    if dropout is not None:
        arguments["drop_rate"] = dropout
    if request.size and "img_size" not in arguments and _is_of_one_size(request.architecture):
        arguments["img_size"] = request.size
    try:
        return timm.create_model(request.architecture, num_classes=classes, exportable=True, **arguments)
    except (TypeError, ValueError, KeyError, AssertionError, RuntimeError) as error:
        raise UsageError(
            "timm cannot build {name} with the arguments {arguments}: {why}.",
            name=request.architecture,
            arguments=", ".join(f"{key}={value}" for key, value in request.arguments.items()) or "-",
            why=str(error).rstrip("."),
        ) from error


def _check_arguments(request: BackboneRequest) -> None:
    """Arguments may come from a file that somebody sent: by these, timm would fetch or open weights of any kind."""
    for name in request.arguments:
        if name.startswith(_OF_WEIGHTS):
            raise UsageError(
                "{argument} says where weights are from, which {name} takes from --weights FILE.safetensors alone. "
                "Leave it out.",
                argument=name,
                name=request.architecture,
            )


def _is_of_one_size(architecture: str) -> bool:
    """Whether a network can look at photos of one size only, which it must be told when it is built."""
    from timm.models import get_pretrained_cfg

    settings = get_pretrained_cfg(architecture, allow_unregistered=True)
    return bool(settings and settings.fixed_input_size)


def typed(text: str) -> object:
    """The value that a text stands for: 3, 0.5, true, none, (1, 2), else the text itself."""
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def fetched(architecture: str, settings: Mapping[str, Any]) -> Path:
    """The library's own weights of a network, from this computer or the hub.

    Raises:
        NetworkError: they are not here and could not be fetched.
    """
    # Only these two lines need the network, and most requests name a file.
    import httpx
    from huggingface_hub import constants, hf_hub_download, hf_hub_url, try_to_load_from_cache

    source = settings.get("hf_hub_id")
    kept = try_to_load_from_cache(source, _HUB_FILE) if source else None
    if isinstance(kept, str):
        return Path(kept)
    try:
        if not source or constants.HF_HUB_OFFLINE:
            raise FileNotFoundError(architecture)
        # The hub's client tries again for half a minute where there is no network at all.
        httpx.head(
            hf_hub_url(source, _HUB_FILE), timeout=_SECONDS_TO_ANSWER, follow_redirects=True
        ).raise_for_status()
        return Path(hf_hub_download(source, _HUB_FILE, etag_timeout=_SECONDS_TO_ANSWER))
    except (OSError, httpx.HTTPError) as error:
        raise NetworkError(
            "The weights of {name} could not be downloaded. Name a file that you have: --weights FILE.safetensors",
            name=architecture,
        ) from error


def _load(network: Any, weights: Path, settings: Mapping[str, Any]) -> None:
    """Loads weights; only a classifier may be left over."""
    tensors = read_weights(weights)
    wanted = network.state_dict()
    missing = [name for name in wanted if name not in tensors]
    named = settings.get("classifier") or ()
    heads = tuple(f"{head.split('.')[0]}." for head in ((named,) if isinstance(named, str) else named))
    left_over = [name for name in tensors if name not in wanted and not name.startswith(heads)]
    misshapen = [name for name in wanted if name in tensors and wanted[name].shape != tensors[name].shape]
    if missing or left_over or misshapen:
        raise ModelError(
            "The weights {file} are not those of this network: {missing} missing, {left_over} too many, "
            "{misshapen} of another shape (such as {example}). Check the architecture and its arguments.",
            file=weights,
            missing=len(missing),
            left_over=len(left_over),
            misshapen=len(misshapen),
            example=(missing + misshapen + left_over)[0],
        )
    network.load_state_dict({name: tensors[name] for name in wanted}, strict=True)


def read_weights(weights: Path) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file.

    Raises:
        ModelError: it is none, or not there.
    """
    if weights.suffix.lower() != _WEIGHTS:
        raise ModelError(
            "The weights {file} are not a safetensors file, and other files may run code when they are opened. "
            "Convert them: safetensors.torch.save_file(state_dict, FILE)",
            file=weights,
        )
    try:
        return load_file(weights)
    except FileNotFoundError as error:
        raise ModelError("There is no file {file}. Check the path.", file=weights) from error
    except (SafetensorError, OSError) as error:
        raise ModelError(
            "The weights {file} are damaged or no safetensors file. Download them again.", file=weights
        ) from error


def _exported(embedder: torch.nn.Module, side: int) -> bytes:
    # The tracing exporter is many times faster than the newer one and gives the same graph for these networks.
    buffer: Any = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            embedder,
            (torch.zeros(1, 3, side, side),),
            buffer,
            input_names=[_INPUT],
            output_names=[_OUTPUT],
            dynamic_axes={_INPUT: {0: "N"}, _OUTPUT: {0: "N"}},
            opset_version=OPSET,
            dynamo=False,
        )
    return bytes(buffer.getvalue())


def _compare(embedder: torch.nn.Module, graph: bytes, side: int) -> float:
    """Largest difference between network and graph, relative to the largest value.

    Raises:
        ParityError: it is too large.
    """
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    largest = 0.0
    for pixels in _trials(side):
        with torch.no_grad():
            expected = embedder(torch.from_numpy(pixels)).numpy()
        (answered,) = session.run(None, {_INPUT: pixels})
        scale = float(np.abs(expected).max()) or 1.0
        largest = max(largest, float(np.abs(answered - expected).max()) / scale)
    if not largest <= _LARGEST_DIFFERENCE:
        raise ParityError(
            "The exported network differs from the original by {difference}, more than {allowed}. "
            "Choose another backbone.",
            difference=f"{largest:.2g}",
            allowed=_LARGEST_DIFFERENCE,
        )
    return largest


def _trials(side: int) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    """Noise, a pair of noises, and an image with edges and slopes."""
    random = np.random.default_rng(0)
    ramp = np.linspace(-2, 2, side, dtype=np.float32)
    edges = np.where((np.arange(side) // 8) % 2, 1.0, -1.0).astype(np.float32)
    pattern = np.stack(
        [np.add.outer(ramp, edges), np.multiply.outer(edges, edges), np.add.outer(edges, ramp)]
    )
    noise = random.standard_normal((2, 3, side, side)).astype(np.float32)
    return [noise[:1], noise, pattern[np.newaxis].astype(np.float32)]


def triple(values: Any) -> Triple:
    red, green, blue = (float(value) for value in values)
    return (red, green, blue)
