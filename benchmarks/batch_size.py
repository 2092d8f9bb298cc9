"""What a batch gains on a CPU: one photo at a time against eight, one thread, processor time.

    python -m benchmarks.batch_size MODEL.onnx

MODEL is any model or backbone file of Taxolens with an open batch.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort

from taxolens.modelfile.read import read_model

BATCH = 8
ROUNDS = 12


def main() -> None:
    """Prints milliseconds per photo both ways, their ratio, and whether the answers are the same bits."""
    model = read_model(Path(sys.argv[1]))
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(model.graph, options, providers=["CPUExecutionProvider"])
    rule = model.card.input
    shape = (BATCH, rule.height, rule.width, 3)
    photos = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    def alone() -> np.ndarray:
        return np.concatenate([session.run(None, {rule.tensor: photos[i : i + 1]})[0] for i in range(BATCH)])

    def together() -> np.ndarray:
        return session.run(None, {rule.tensor: photos})[0]

    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        alone()
        middle = time.process_time()
        together()
        rounds.append((middle - began, time.process_time() - middle))
    one, eight = np.array(rounds[2:]).T / BATCH * 1000
    ratio = eight / one
    print(f"one at a time: {np.median(one):.2f} ms a photo; {BATCH} together: {np.median(eight):.2f} ms")
    print(f"together/alone: {np.median(ratio):.2f} ({ratio.min():.2f}-{ratio.max():.2f})")
    print(f"same bits: {np.array_equal(alone(), together())}")


if __name__ == "__main__":
    main()
