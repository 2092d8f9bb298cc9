"""Which whole numbers this processor computes with fastest and rightly.

Source: onnxruntime, "Quantize ONNX models": processors with VNNI multiply unsigned activations with signed
weights without loss; older x86 ones may overflow in doing so and want weights of seven bits; ARM wants both signed.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass

import numpy as np

_VNNI = ("AVX512_ICL", "AVX512_SPR", "AVX512_CLX", "AVX512VNNI", "AVX_VNNI", "AVXVNNI")
_ARM = ("aarch64", "arm64")


@dataclass(frozen=True, slots=True)
class Integers:
    """Kinds of whole numbers of a quantised network.

    Attributes:
        signed: whether activations are signed, as weights always are.
        seven_bits: whether weights use seven of their eight bits.
    """

    signed: bool
    seven_bits: bool

    @property
    def name(self) -> str:
        """As the field writes it, such as "U8S8"."""
        return f"{'S8' if self.signed else 'U8'}{'S7' if self.seven_bits else 'S8'}"


def integers_here() -> Integers:
    """The kinds for the processor that this runs on."""
    found = np.show_config(mode="dicts") or {}
    known = found.get("SIMD Extensions", {})
    features = (*known.get("found", ()), *known.get("baseline", ()))
    return integers_for(platform.machine(), tuple(map(str, features)))


def integers_for(machine: str, features: tuple[str, ...]) -> Integers:
    """The kinds for a processor.

    Args:
        machine: its architecture, such as "x86_64".
        features: extensions that it has, as numpy names them.
    """
    if machine.lower() in _ARM:
        return Integers(signed=True, seven_bits=False)
    return Integers(signed=False, seven_bits=not any(one in _VNNI for one in features))
