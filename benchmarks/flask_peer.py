"""The plain way to serve a network, to be measured against: Flask's own server, Pillow, eager PyTorch.

    python -m benchmarks.flask_peer RUN PORT

A photo comes as the field `file` of a form, is opened, turned upright, resized as the model's card says, and named.
"""

from __future__ import annotations

import io
import json
import logging
import sys
from pathlib import Path

import numpy as np
from flask import Flask, Response, request
from PIL import Image, ImageOps

from taxolens.compose.trainers import load_peer_maker
from taxolens.imaging.decode import fit_picture
from taxolens.modelfile.read import read_model


def make_app(run: Path) -> Flask:
    """The application."""
    card = read_model(run / "model.onnx").card
    network = load_peer_maker()(run / "weights.safetensors")
    app = Flask("peer")

    @app.post("/predict")
    def predict() -> Response:
        photo = ImageOps.exif_transpose(Image.open(io.BytesIO(request.files["file"].read()))).convert("RGB")
        logits = network(fit_picture(photo, card.preprocess).pixels) / card.temperature
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        best = int(shares.argmax())
        said = {"label": card.labels[best], "confidence": float(shares[best]), "shares": shares.tolist()}
        return Response(json.dumps(said), mimetype="application/json")

    @app.get("/v2/health/ready")
    def ready() -> Response:
        return Response("yes")

    return app


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    make_app(Path(sys.argv[1])).run(port=int(sys.argv[2]), threaded=True)
