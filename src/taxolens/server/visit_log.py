"""A line for every request, as text or JSON. Never what a photo shows."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from taxolens.core.printable import printable
from taxolens.server.visit import Visit

FORMATS = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")
_ROUTINE = ("/v2/health/", "/metrics", "/page/style", "/page/page.js")
_requests = logging.getLogger("taxolens.server.requests")


def log_visit(visit: Visit) -> None:
    """Writes the line of a request that has ended; what asks again and again whether all is well is "debug"."""
    level = logging.INFO
    if visit.path.startswith(_ROUTINE):
        level = logging.DEBUG
    elif visit.status >= 500:
        level = logging.WARNING
    if _requests.isEnabledFor(level):
        _requests.log(level, "%s %s", visit.method, visit.path, extra={"visit": visit})


def start_logs(form: str, level: str) -> None:
    """Sends everything that the server says to the error output.

    Args:
        form: "text" or "json".
        level: one of `LEVELS`.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if form == "json" else _Lines())
    for name in ("taxolens.server", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level.upper())
    # What a form is damaged by, the answer tells.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
    # What it says of its own life and of broken requests, our own lines tell.
    logging.getLogger("uvicorn").setLevel(max(logging.ERROR, logging.getLogger("uvicorn").level))


def _fields(visit: Visit) -> dict[str, object]:
    told: dict[str, object] = {
        "request": visit.id,
        "method": visit.method,
        "path": visit.path,
        "status": visit.status,
        "milliseconds": round(visit.seconds * 1000, 1),
        "bytes": visit.received,
    }
    if visit.asker:
        told["asker"] = visit.asker
    if visit.photos:
        told |= {
            "model": visit.model,
            "version": visit.version,
            "photos": visit.photos,
            "waiting": round(visit.waited * 1000, 1),
            "working": round(visit.worked * 1000, 1),
        }
    return told


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One JSON object."""
        told: dict[str, object] = {"time": _time(record), "level": record.levelname.lower()}
        visit = getattr(record, "visit", None)
        told |= _fields(visit) if isinstance(visit, Visit) else {"message": record.getMessage()}
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One line; an error has its trace below it."""
        visit = getattr(record, "visit", None)
        if isinstance(visit, Visit):
            fields = _fields(visit)
            method, path, status = (fields.pop(name) for name in ("method", "path", "status"))
            rest = " ".join(f"{name}={value}" for name, value in fields.items())
            told = f"{method} {path} {status} {rest}"
        else:
            told = record.getMessage()
        line = printable(f"{_time(record)} {record.levelname.lower()} {told}")
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
