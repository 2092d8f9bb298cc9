"""The model server, put together: worker processes, doors, and what listens."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from taxolens.core.errors import MissingExtra
from taxolens.recipes.serve import ServeRecipe

if TYPE_CHECKING:
    from taxolens.server.desk import Desk
    from taxolens.server.doors import Doors
    from taxolens.server.listening import Listener
    from taxolens.server.options import DeskOptions
    from taxolens.server.page.examples import Examples

_PARTS = ("fastapi", "uvicorn", "httptools", "python_multipart", "prometheus_client", "psutil")
_THIS_MACHINE = ("127.", "::1", "localhost")
_MEGABYTE = 1_000_000
_BODIES = 12
"""Of how many of the largest bodies there is room, at least: one takes up to seven while it is read."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A server that answers.

    Attributes:
        address: of its root, as "http://127.0.0.1:8080".
        models: their names.
        open_to_all: other machines can ask it, without a key.
    """

    address: str
    models: tuple[str, ...]
    open_to_all: bool


def check_parts() -> None:
    """Checks that what a server needs is installed, without loading it.

    Raises:
        MissingExtra: it is not.
    """
    for name in _PARTS:
        if importlib.util.find_spec(name) is None:
            raise MissingExtra(
                "The server needs an optional part ({missing} is missing): pip install 'taxolens[serve]'",
                missing=name,
            )


def serve(
    recipe: ServeRecipe,
    *,
    ready: Callable[[Listening], None],
    drawn: Callable[[], Examples] | None = None,
) -> bool:
    """Serves until the process is told to stop (SIGTERM or SIGINT); what was asked before is answered first.

    Args:
        ready: called once the models are loaded.
        drawn: photos that the page offers where the recipe names none; None: none.

    Returns:
        Whether it was so; not where the process was told to stop a second time.

    Raises:
        MissingExtra: the parts for it are not installed.
        UsageError: a model, a key file or an address that cannot be used.
    """
    check_parts()
    gc.disable()  # what is loaded now stays: to look through it again and again takes a seventh of the start
    # Loaded here, so that no other command waits for them.
    from taxolens.server.address import bound
    from taxolens.server.visit_log import start_logs

    start_logs(recipe.log.value, recipe.log_level.value)
    with bound(recipe.host, recipe.port) as listener:
        return asyncio.run(_serve(recipe, listener, ready, drawn))


def export_triton(recipe: ServeRecipe, folder: Path) -> tuple[Path, ...]:
    """Writes the models as a repository of Triton, and gives the folder of each.

    Raises:
        UsageError: a model that Triton does not know, or a file that cannot be used.
        OutputError: the folder cannot be written.
    """
    from taxolens.server.options import NamedFile
    from taxolens.server.triton_repository import write_repository

    return write_repository([NamedFile.parse(one) for one in recipe.models], folder)


async def _serve(
    recipe: ServeRecipe,
    listener: socket.socket,
    ready: Callable[[Listening], None],
    drawn: Callable[[], Examples] | None,
) -> bool:
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    _on_signals(loop, told.set)
    from taxolens.server.open_desk import open_desk

    desk = open_desk(_desk_options(recipe))
    loading = asyncio.create_task(desk.start())
    try:
        # In a thread, so that its workers open the models meanwhile: either takes about half a second.
        server = await asyncio.to_thread(_server, recipe, desk, drawn)
        gc.freeze()
        gc.enable()
        _on_signals(loop, server.stop)
        if told.is_set():  # while it was made
            server.stop()
        serving = asyncio.create_task(server.serve([listener]))
        await asyncio.wait((loading, serving), return_when=asyncio.FIRST_COMPLETED)
        if loading.done() and loading.exception():
            server.stop()
        elif loading.done() and not server.should_exit:
            ready(_listening(recipe, listener, desk))
        await serving
        if loading.done():
            loading.result()
        return server.answered_all
    finally:
        loading.cancel()
        await desk.close(patience=0.0)  # whoever asked is answered by now, or was not waited for


def _on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


def _server(recipe: ServeRecipe, desk: Desk, drawn: Callable[[], Examples] | None) -> Listener:
    """What listens, and stops when the process is told to."""
    doors = _doors(recipe, desk)
    from taxolens.server.app import make_app
    from taxolens.server.listening import Listener
    from taxolens.server.page.examples import examples_in

    def closing() -> None:
        doors.traffic.closing = True

    examples = examples_in(recipe.examples) if recipe.examples else drawn() if drawn else None
    return Listener(
        make_app(doors, examples),
        patience=recipe.seconds,
        connections=recipe.max_connections,
        closing=closing,
    )


def _desk_options(recipe: ServeRecipe) -> DeskOptions:
    from taxolens.server.options import DeskOptions, NamedFile

    return DeskOptions(
        models=tuple(NamedFile.parse(one) for one in recipe.models),
        aliases=recipe.aliases,
        workers=recipe.workers,
        max_queue=recipe.max_queue,
        seconds=recipe.seconds,
        max_megapixels=recipe.max_megapixels,
        detector=recipe.detector,
        tile=recipe.tile,
        watch=recipe.watch,
    )


def _doors(recipe: ServeRecipe, desk: Desk) -> Doors:
    from taxolens.server.doors import Doors, Limits
    from taxolens.server.keys import read_keys

    body = round(recipe.max_megabytes * _MEGABYTE)
    processes = _desk_options(recipe).processes
    places = recipe.max_queue + processes
    return Doors(
        desk,
        limits=Limits(
            body=body,
            photos=recipe.max_photos,
            seconds=recipe.seconds,
            places=places,
            held=max(Limits().held, _BODIES * body),
            at_once=min(places, processes + 1),
        ),
        keys=read_keys(recipe.api_key_file) if recipe.api_key_file else None,
        origins=recipe.cors,
        local=recipe.host.startswith(_THIS_MACHINE),
    )


def _listening(recipe: ServeRecipe, listener: socket.socket, desk: Desk) -> Listening:
    host, port = listener.getsockname()[:2]
    shown = (
        "127.0.0.1"
        if host == "0.0.0.0"
        else "[::1]"
        if host == "::"
        else f"[{host}]"
        if ":" in host
        else host
    )
    names = tuple(dict.fromkeys(one.name for one in desk.models()))
    open_to_all = not recipe.host.startswith(_THIS_MACHINE) and recipe.api_key_file is None
    return Listening(f"http://{shown}:{port}", names, open_to_all)
