"""Makes the small embedding network that Taxolens ships, from generated pictures only.

python -m tools.backbone.train --out src/taxolens/modelfile/shipped/taxolens-tiny.onnx
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from tools.backbone.export import export
from tools.backbone.network import Network
from tools.backbone.pictures import Painter
from tools.backbone.textures import texture_bank
from tools.backbone.training import STEPS, Lesson, teach

KINDS, INSTANCES, TEXTURE_SIDE = 400, 6, 128
SAMPLES = 3000  # pictures for the dictionary and the colour book


def main() -> None:
    """Draw, teach, assemble, check, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS, help="fewer for a quick try")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--checkpoint", type=Path, help="where to go on from; by default beside --out, removed at the end"
    )
    arguments = parser.parse_args()
    checkpoint = arguments.checkpoint or arguments.out.with_suffix(".checkpoint")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    bank = texture_bank(KINDS, INSTANCES, TEXTURE_SIDE, arguments.seed)
    print(f"{bank.shape[0]} kinds of surface drawn, {time.monotonic() - started:.0f} s", flush=True)
    lesson = Lesson(arguments.steps, seed=arguments.seed)
    network = Network()
    painter = Painter(bank, lesson.figures, lesson.surfaces, seed=arguments.seed)
    painter.reseed(arguments.seed, lesson.steps)
    network.learn(torch.cat([painter.batch(100)[0] for _ in range(SAMPLES // 100)]))
    network.trunk = teach(bank, lesson, checkpoint)
    export(network, arguments.out)
    checkpoint.unlink()
    print(f"{arguments.out} written, {(time.monotonic() - started) / 60:.0f} minutes")


if __name__ == "__main__":
    main()
