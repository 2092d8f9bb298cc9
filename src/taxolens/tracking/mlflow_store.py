"""The course of a training as a run of MLflow: in a SQLite file of the user's, or where its own variable says."""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from filelock import FileLock

from taxolens.core.tracking import Ending, TrackedEpoch, TrackedRun
from taxolens.core.trainer import Examples
from taxolens.core.version import VERSION
from taxolens.storage.atomic import written_whole
from taxolens.tracking.points import points

# Read once, while the library is imported. A server that does not answer must not hold up a training.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")

from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.store.db import utils as _stores
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

URI = "MLFLOW_TRACKING_URI"
FOLDER = "mlflow"
STORE = "mlflow.db"
KEPT = "mlflow.json"
_EXPERIMENT = "MLFLOW_EXPERIMENT_NAME"
_FILES = ("report.html", "metrics.json", "history.csv", "recipe.json")
_MODEL = "model.onnx"
_STATUS = {Ending.DONE: "FINISHED", Ending.STOPPED: "KILLED", Ending.FAILED: "FAILED"}
_PATIENCE = 5.0  # seconds that another program may hold the store
_TRIES = 2
_AT_ONCE = 100  # parameters in one message, as MLflow allows
_LONGEST = 500
_ALLOWED = re.compile(r"[^\w\-. /]")


class MlflowRun:
    """A run in a store of MLflow; a stopped training goes on in the same one.

    Attributes:
        id: of the run.
    """

    def __init__(self, run: TrackedRun) -> None:
        self._run, self._uri = run, _uri_for(run.home)
        _quieten()
        run.home.joinpath(FOLDER).mkdir(parents=True, exist_ok=True)
        # Two processes that make a store's tables at the same moment both fail.
        with FileLock(run.home / FOLDER / "lock", timeout=12 * _PATIENCE):
            _check_store(self._uri)
            self._client = MlflowClient(tracking_uri=self._uri)
            known = _kept(run.place, self._uri)
            self.id = known if known and self._goes_on(known) else self._begun()
        self._told = {
            metric.step for metric in self._client.get_metric_history(self.id, "seconds")
        }  # every epoch has taken some

    @property
    def where(self) -> str:
        """The command that shows the store, or the server's address without any password."""
        if self._uri.startswith("http"):
            return re.sub(r"//[^/@]*@", "//", self._uri)
        return f"mlflow ui --backend-store-uri {self._uri}"

    def learnt(self, epochs: Sequence[TrackedEpoch], examples: Examples) -> None:
        """Adds the figures of epochs that the store does not know."""
        del examples
        now = _now()
        new = [epoch for epoch in epochs if epoch.number not in self._told]
        found = [
            Metric(_ALLOWED.sub("_", name), float(value), now, epoch.number)
            for epoch in new
            for name, value in points(epoch).items()
            if value is not None
        ]
        if found:
            self._client.log_batch(self.id, metrics=found)
            self._told |= {epoch.number for epoch in new}

    def judged(self, figures: Mapping[str, float], folder: Path) -> None:
        """Adds the figures and the report; the model stays where it is and is named by its path."""
        now, last = _now(), max(self._told, default=0)
        self._client.log_batch(
            self.id, metrics=[Metric(f"test_{name}", value, now, last) for name, value in figures.items()]
        )
        for name in _FILES:
            if (folder / name).is_file():
                self._client.log_artifact(self.id, str(folder / name))
        if (folder / _MODEL).is_file():
            self._client.set_tag(self.id, "taxolens.model", str(self._run.out.resolve() / _MODEL))

    def close(self, ending: Ending) -> None:
        """Marks how it ended; a run that is taken up again is marked as running."""
        self._client.set_terminated(self.id, _STATUS[ending])

    def _begun(self) -> str:
        run = self._run
        tags = {"taxolens.version": VERSION, "taxolens.run": str(run.out.resolve())}
        if parent := _kept(run.parent, self._uri) if run.parent else None:
            tags[MLFLOW_PARENT_RUN_ID] = parent
        made = self._client.create_run(self._experiment(), run_name=run.name, tags=tags)
        settings = [
            Param(_ALLOWED.sub("_", name), value[:_LONGEST]) for name, value in run.settings.items() if value
        ]
        for start in range(0, len(settings), _AT_ONCE):
            self._client.log_batch(made.info.run_id, params=settings[start : start + _AT_ONCE])
        with written_whole(run.place / KEPT) as file:
            file.write(json.dumps({"uri": self._uri, "run": made.info.run_id}).encode())
        return str(made.info.run_id)

    def _experiment(self) -> str:
        name = os.environ.get(_EXPERIMENT) or self._run.group
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        # Without a place of its own, a local store would put what it keeps into the current folder.
        own = None if os.environ.get(URI) else (self._run.home / FOLDER / "artifacts").absolute().as_uri()
        return str(self._client.create_experiment(name, artifact_location=own))

    def _goes_on(self, known: str) -> bool:
        """Takes a run up again; it may have been deleted since."""
        try:
            if self._client.get_run(known).info.lifecycle_stage != "active":
                return False
            self._client.update_run(known, status="RUNNING")
        except MlflowException:
            return False
        return True


def _uri_for(home: Path) -> str:
    return os.environ.get(URI) or f"sqlite:///{(home / FOLDER / STORE).absolute().as_posix()}"


def _kept(place: Path, uri: str) -> str | None:
    """The run that was begun from a place, unless another store is asked for now."""
    try:
        kept: dict[str, Any] = json.loads((place / KEPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return str(kept["run"]) if kept.get("uri") == uri else None


def _check_store(uri: str) -> None:
    """Fails at once where a SQLite file is locked or damaged, on which the library would spend minutes."""
    path = uri.removeprefix("sqlite:///")
    if path != uri and Path(path).exists():
        with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as store:
            store.execute("BEGIN IMMEDIATE")
            store.execute("ROLLBACK")


def _quieten() -> None:
    """The library tells developers of its tables and tries; users are told by us."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if hasattr(_stores, "MAX_RETRY_COUNT"):
        _stores.MAX_RETRY_COUNT = _TRIES


def _now() -> int:
    return int(time.time() * 1000)
