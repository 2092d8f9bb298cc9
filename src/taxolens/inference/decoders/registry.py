"""The decoders by the name that a card gives them."""

from __future__ import annotations

from dataclasses import dataclass

from taxolens.core.registry import Registry
from taxolens.core.texts import noted
from taxolens.inference.decoders.candidates import Decode
from taxolens.inference.decoders.end_to_end import decode_end_to_end
from taxolens.inference.decoders.picodet import decode_picodet
from taxolens.inference.decoders.rt_detr import decode_rt_detr
from taxolens.inference.decoders.yolov5 import decode_yolov5
from taxolens.inference.decoders.yolov8 import decode_yolov8
from taxolens.inference.decoders.yolox import decode_yolox


@dataclass(frozen=True, slots=True)
class Decoder:
    """One way of reading a detector.

    Attributes:
        decode: reads the raw output.
        all_classes: every class of a box that is worth a thought has a score; else only the best one has.
    """

    decode: Decode
    all_classes: bool = True


DECODERS: Registry[Decoder] = Registry(noted("There is no decoder called {name}. Choose from: {known}."))
DECODERS.add("yolox", Decoder(decode_yolox))
DECODERS.add("yolov5", Decoder(decode_yolov5))
DECODERS.add("yolov8", Decoder(decode_yolov8))
DECODERS.add("picodet", Decoder(decode_picodet))
DECODERS.add("end-to-end", Decoder(decode_end_to_end, all_classes=False))
DECODERS.add("rt-detr", Decoder(decode_rt_detr))
