"""A `data.yaml` for each fold of a cross-validation, beside YOLO labels in `images/fold-1` and so on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from taxolens.storage.atomic import written_whole


def write_yolo_folds(folder: Path, folds: int, classes: Sequence[str]) -> None:
    """Writes `fold-1.yaml` to `fold-K.yaml`: that fold judges (`val` and `test`), the others teach.

    Raises:
        OutputError: a file cannot be written.
    """
    for fold in range(1, folds + 1):
        teach = [f"images/fold-{other}" for other in range(1, folds + 1) if other != fold]
        judge = f"images/fold-{fold}"
        values = {
            "train": teach,
            "val": judge,
            "test": judge,
            "nc": len(classes),
            "names": dict(enumerate(classes)),
        }
        with written_whole(folder / f"fold-{fold}.yaml") as file:
            file.write(yaml.safe_dump(values, allow_unicode=True, sort_keys=False).encode("utf-8"))
