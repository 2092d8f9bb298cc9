"""Makers and trainers that need a learning library, found by the name of an entry point.

The rest of the program never names PyTorch; whoever has it installed gets what it offers.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from taxolens.core.backbone import BackboneMaker
from taxolens.core.detection_trainer import AnyDetectionTrainer
from taxolens.core.errors import MissingExtra, UsageError
from taxolens.core.peer import PeerMaker
from taxolens.core.pruner import Pruner
from taxolens.core.search import Searcher
from taxolens.core.trainer import AnyTrainer

BACKBONES = "taxolens.backbones"
TRAINERS = "taxolens.trainers"
SEARCHES = "taxolens.searches"
PRUNERS = "taxolens.pruners"
DETECTORS = "taxolens.detectors"
PEERS = "taxolens.peers"
_SEARCHER, _PRUNER, _PEER = "optuna", "torch-pruning", "torch"


def load_backbone_maker(name: str) -> BackboneMaker:
    """The maker that speaks for a library.

    Args:
        name: of the library ("timm").

    Raises:
        UsageError: nothing speaks for such a library.
        MissingExtra: it is known, but not installed.
    """
    offered = entry_points(group=BACKBONES)
    if name not in offered.names:
        raise UsageError(
            "There are no backbones of the kind {name}. Choose {known}.",
            name=name,
            known=", ".join(sorted(offered.names)) or "an ONNX file",
        )
    return cast(BackboneMaker, _loaded(offered[name]))


def load_trainer(method: str) -> AnyTrainer:
    """The trainer of a method.

    Args:
        method: "finetune" or "scratch".

    Raises:
        UsageError: nothing trains so.
        MissingExtra: it is known, but not installed.
    """
    offered = entry_points(group=TRAINERS)
    if method not in offered.names:
        raise UsageError(
            "There is no method {method}. Choose {known}.",
            method=method,
            known=", ".join(("head", *sorted(offered.names))),
        )
    return cast(AnyTrainer, _loaded(offered[method]))


def load_detector_trainer(library: str) -> AnyDetectionTrainer:
    """The trainer of a library's detectors.

    Args:
        library: "libreyolo" or "ultralytics".

    Raises:
        MissingExtra: it is not installed.
    """
    missing = MissingExtra(
        "Training detectors needs an optional part: pip install 'taxolens[detect]' (for those of ultralytics, "
        "which are under the AGPL-3.0: 'taxolens[yolo]')"
    )
    maker = cast(Callable[[], AnyDetectionTrainer], _offered(DETECTORS, library, missing))
    return maker()


def load_searcher() -> Searcher:
    """What searches settings.

    Raises:
        MissingExtra: it is not installed.
    """
    missing = MissingExtra("A search needs the training extra: pip install 'taxolens[train]'")
    return cast(Searcher, _offered(SEARCHES, _SEARCHER, missing))


def load_pruner() -> Pruner:
    """What takes channels out of networks.

    Raises:
        MissingExtra: it is not installed.
    """
    missing = MissingExtra("Pruning needs the training extra: pip install 'taxolens[train]'")
    return cast(Pruner, _offered(PRUNERS, _PRUNER, missing))


def load_peer_maker() -> PeerMaker:
    """What runs networks in the plain way, to be measured against.

    Raises:
        MissingExtra: it is not installed.
    """
    missing = MissingExtra("PyTorch's own way needs the training extra: pip install 'taxolens[train]'")
    return cast(PeerMaker, _offered(PEERS, _PEER, missing))


def _offered(group: str, name: str, missing: MissingExtra) -> object:
    """What one library offers; `missing` is raised where it does not."""
    offered = entry_points(group=group)
    if name not in offered.names:
        raise missing
    return _loaded(offered[name])


def _loaded(entry: EntryPoint) -> object:
    # Threads of a learning library that wait for each other by counting, not by sleeping, take the processor
    # from those they wait for: beside other programs, training was four times as slow (small_cnn, two cores).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return entry.load()
    except ImportError as error:
        raise MissingExtra(
            "{name} needs the training extra ({missing} is missing): pip install 'taxolens[train]'",
            name=entry.name,
            missing=error.name or "a library",
        ) from error
