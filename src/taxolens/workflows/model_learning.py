"""What a page shows of how a network learnt: curves, the learning rate, photos as it saw them."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from PIL import Image as Pillow

from taxolens.core.trainer import Epoch
from taxolens.report.chart import Chart
from taxolens.report.curves import Series, line_chart
from taxolens.report.gallery import Gallery, Picture
from taxolens.report.page import Block, Section
from taxolens.report.panels import Fact
from taxolens.report.wording import Wording
from taxolens.workflows.model_facts import ModelFacts, NetworkFacts

_QUALITY = 85


def learning_section(facts: ModelFacts, wording: Wording) -> Section | None:
    """The course of the training; None for a model that did not learn in epochs."""
    network = facts.network
    if network is None or not network.epochs:
        return None
    say = wording.say
    text = say(
        "While training loss falls and validation loss no longer does, the network learns its photos by heart. "
        "The weights of epoch {best} were kept."
    ).format(best=network.best)
    blocks: list[Block] = [_loss(network, wording), _accuracy(network, wording), _rate(network, wording)]
    if len(network.examples):
        blocks.append(_examples(network, wording))
    return Section("learning", say("How it learnt"), text, tuple(blocks))


def network_facts(network: NetworkFacts, wording: Wording) -> list[Fact]:
    """Name and size of the network."""
    say = wording.say
    known = [
        Fact(say("Network"), network.name),
        Fact(say("Parameters"), wording.count(network.parameters)),
        Fact(say("Epochs"), wording.count(len(network.epochs))),
    ]
    if network.multiplications is not None:
        millions = wording.count(round(network.multiplications / 1e6))
        known.append(Fact(say("Multiplications for a photo, in millions"), millions))
    if network.licence:
        known.append(Fact(say("Licence of the weights"), network.licence))
    return known


def _loss(network: NetworkFacts, wording: Wording) -> Chart:
    say = wording.say
    return line_chart(
        _series(
            network,
            {say("Training"): lambda one: one.train_loss, say("Validation"): lambda one: one.val_loss},
        ),
        wording,
        title=say("Loss"),
        reading=say(
            "Lower is better. Training counts what label smoothing, mixing and a teacher add; validation does not."
        ),
        x_title=say("Epoch"),
        y_title=say("Loss"),
    )


def _accuracy(network: NetworkFacts, wording: Wording) -> Chart:
    say = wording.say
    return line_chart(
        _series(
            network,
            {
                say("Training"): lambda one: one.train_accuracy,
                say("Validation"): lambda one: one.val_accuracy,
            },
        ),
        wording,
        title=say("Accuracy"),
        reading=say("Training photos are changed at random, so they are harder than validation photos."),
        x_title=say("Epoch"),
        y_title=say("Accuracy"),
        percent=True,
    )


def _rate(network: NetworkFacts, wording: Wording) -> Chart:
    say = wording.say
    return line_chart(
        _series(network, {say("Learning rate"): lambda one: 1000 * one.rate}),
        wording,
        title=say("Learning rate, in thousandths"),
        reading=say("The first phase teaches the head alone, the second the network."),
        x_title=say("Epoch"),
        y_title=say("Learning rate"),
    )


def _series(network: NetworkFacts, lines: dict[str, Callable[[Epoch], float | None]]) -> list[Series]:
    found = []
    for name, value in lines.items():
        points = [(float(one.number), value(one)) for one in network.epochs]
        known = tuple((x, y) for x, y in points if y is not None)
        if known:
            found.append(Series(name, known))
    return found


def _examples(network: NetworkFacts, wording: Wording) -> Gallery:
    pictures = []
    for number, pixels in enumerate(network.examples, start=1):
        file = BytesIO()
        Pillow.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)
        pictures.append(Picture(str(number), file.getvalue(), ()))
    return Gallery(wording.say("Training photos as the network saw them"), tuple(pictures), small=True)
