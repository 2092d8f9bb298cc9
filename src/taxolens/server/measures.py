"""What is counted, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from taxolens.server.desk import Desk, State
from taxolens.server.visit import Visit
from taxolens.server.work import Answer

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_PHOTOS = (1, 2, 4, 8, 16, 32, 64, 128)


class Measures:
    """Counters of one server; the names are those of its page in docs/serving.md."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()

        def seconds(name: str, told: str, label: str = "model") -> Histogram:
            return Histogram(f"taxolens_{name}", told, (label,), buckets=_SECONDS, registry=registry)

        def gauge(name: str, told: str, *labels: str) -> Gauge:
            return Gauge(f"taxolens_{name}", told, labels, registry=registry)

        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(f"taxolens_{name}", told, labels, registry=registry)

        self.requests = counter("requests", "Requests.", "route", "model", "status")
        self.seconds = seconds("request_seconds", "From a request to its answer.", "route")
        self.waiting = seconds("wait_seconds", "In the queue, of each photo.")
        self.working = seconds("work_seconds", "Decoding and inference, of each photo.")
        self.decoding = seconds("decode_seconds", "Of that, decoding.")
        self.photos = Histogram(
            "taxolens_photos_per_request",
            "Photos of a request.",
            ("model",),
            buckets=_PHOTOS,
            registry=registry,
        )
        ready = "1 where a version answers, else 0."
        self.model = gauge("model_ready", ready, "model", "version", "sha256")
        self.queue = gauge("queue_length", "Photos that wait.")
        self.running = gauge("running", "Photos that are worked on.")
        self.workers = gauge("workers", "Processes that answer.")
        self.restarts = counter("worker_restarts", "Processes that were replaced.")
        self.memory = gauge("memory_bytes", "Of all processes together.")
        self._restarts = 0

    def count_answer(self, answer: Answer) -> None:
        """Counts one piece of work that was answered."""
        self.waiting.labels(answer.model).observe(answer.waited)
        self.working.labels(answer.model).observe(answer.seconds)
        self.decoding.labels(answer.model).observe(answer.decoding)

    def count_visit(self, visit: Visit, route: str) -> None:
        """Counts a request that has ended.

        Args:
            route: as it is written in the code, so that no address can make a measure of its own.
        """
        self.requests.labels(route, visit.model, str(visit.status)).inc()
        self.seconds.labels(route).observe(visit.seconds)
        if visit.photos:
            self.photos.labels(visit.model).observe(visit.photos)

    async def page(self, desk: Desk) -> bytes:
        """Everything that is counted, in the text format of Prometheus."""
        load = await desk.load_now()
        self.queue.set(load.waiting)
        self.running.set(load.running)
        self.workers.set(load.workers)
        self.memory.set(load.memory)
        self.restarts.inc(max(0, load.restarts - self._restarts))
        self._restarts = max(load.restarts, self._restarts)
        self.model.clear()
        for one in desk.models():
            self.model.labels(one.name, one.version, one.sha256).set(one.state is State.READY)
        return generate_latest(self.registry)
