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
from tools.backbone.training import Lesson, teach

KINDS, INSTANCES, TEXTURE_SIDE = 400, 6, 128
SAMPLES = 3000  # pictures for the dictionary and the colour book


def main() -> None:
    """Draw, teach, assemble, check, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=Lesson.steps, help="fewer for a quick try")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    started = time.monotonic()
    bank = texture_bank(KINDS, INSTANCES, TEXTURE_SIDE, arguments.seed)
    print(f"{bank.shape[0]} kinds of surface drawn, {time.monotonic() - started:.0f} s", flush=True)
    lesson = Lesson(arguments.steps, seed=arguments.seed)
    network = Network()
    torch.manual_seed(arguments.seed)
    painter = Painter(bank, lesson.figures, lesson.surfaces, seed=arguments.seed + 5)
    network.learn(torch.cat([painter.batch(100)[0] for _ in range(SAMPLES // 100)]))
    network.trunk = teach(bank, lesson)
    export(network, arguments.out)
    print(f"{arguments.out} written, {(time.monotonic() - started) / 60:.0f} minutes")


if __name__ == "__main__":
    main()
