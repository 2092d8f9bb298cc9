"""A small upright JPEG without metadata of an upload, for browsers that cannot show it themselves.

The bytes come from anywhere, so a process of its own decodes them, with little memory and little time: what a hostile
file does there ends there.

python -m taxolens.server.page.picture SIDE MEGAPIXELS < photo > small.jpg
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from taxolens.core.errors import ImageError
from taxolens.imaging.container import DEFAULT_MEGAPIXELS
from taxolens.imaging.decode import thumbnail

SIDE = 1280
_SECONDS = 10
_MEMORY = 3 << 30
_AT_ONCE = 2
_REFUSED = 3


class Pictures:
    """Makes small pictures of uploads, few at a time.

    Args:
        side: longest side in pixels.
        max_megapixels: photos that announce more are not decoded.
    """

    def __init__(self, side: int = SIDE, max_megapixels: float = DEFAULT_MEGAPIXELS) -> None:
        self._arguments = (str(side), str(max_megapixels))
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def small(self, photo: bytes) -> bytes | None:
        """A JPEG; None where the photo cannot be read."""
        async with self._room:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # nothing is loaded from the folder where the server was started
                "-m",
                __name__,
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                jpeg, _ = await asyncio.wait_for(process.communicate(photo), _SECONDS)
            except TimeoutError:
                return None
            finally:
                await _ended(process)
        return jpeg if process.returncode == 0 and jpeg else None


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Nothing is left behind, also where the reader has gone away meanwhile."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _limit() -> None:
    """Little memory and little time, where the system can enforce it."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))


def main() -> None:
    """Reads a photo from standard input and writes a small one to standard output."""
    _limit()
    side, megapixels = int(sys.argv[1]), float(sys.argv[2])
    try:
        jpeg = thumbnail(sys.stdin.buffer.read(), side, max_megapixels=megapixels)
    except ImageError:
        sys.exit(_REFUSED)
    sys.stdout.buffer.write(jpeg)


if __name__ == "__main__":
    main()
