"""A model server from Python: ours, or another that speaks the Open Inference Protocol.

from taxolens.client import Client

with Client("http://localhost:8080") as server:
    for answer in server.predict(["a.jpg", "b.jpg"]):
        print(answer.name, answer.label, answer.confidence)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taxolens.client.answers import Answer, FoundBox, Probability, ServedModel
from taxolens.client.client import Client
from taxolens.client.retry import Retry

if TYPE_CHECKING:
    from taxolens.client.target import InferenceTarget

__all__ = ["Answer", "Client", "FoundBox", "InferenceTarget", "Probability", "Retry", "ServedModel"]


def __getattr__(name: str) -> object:
    """Loads what computes answers on first use: whoever only asks a server does not wait for it."""
    if name == "InferenceTarget":
        from taxolens.client.target import InferenceTarget

        return InferenceTarget
    raise AttributeError(name)
