"""An HTTP/1.1 origin whose state changes as a file says, for tests of what a balancer does about it.

    well     answers in about 5 ms
    slow     in ten times that
    hung     accepts connections and requests, and answers nothing
    failing  500 to everything
    sick     500 to requests, 200 to checks (/healthz)

Every request but a check is noted in the journal, a line with the time (of the machine's monotonic
clock, in seconds) at which it came.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from pathlib import Path

_CHECK = b"/healthz"
_TIME = 0.005
_SLOWNESS = 10


class MoodyServer:
    def __init__(self, name: str, mood: Path, journal: Path) -> None:
        self._name = name
        self._mood = mood
        self._journal = journal.open("a", buffering=1)

    async def serve(self, port: int) -> None:
        server = await asyncio.start_server(self._connection, "0.0.0.0", port, backlog=1024)
        async with server:
            await server.serve_forever()

    async def _connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                is_check = head.split(b" ", 2)[1].startswith(_CHECK)
                if not is_check:
                    self._journal.write(f"{time.monotonic():.6f}\n")
                status = await self._status(is_check)
                body = self._name.encode()
                fields = f"HTTP/1.1 {status}\r\nX-Server: {self._name}\r\n"
                fields += f"Content-Length: {len(body)}\r\n\r\n"
                writer.write(fields.encode() + (b"" if head.startswith(b"HEAD") else body))
                await writer.drain()
        writer.close()

    async def _status(self, is_check: bool) -> str:
        mood = self._mood.read_text().strip()
        while mood == "hung":
            await asyncio.sleep(0.05)
            mood = self._mood.read_text().strip()
        await asyncio.sleep(_TIME * (_SLOWNESS if mood == "slow" else 1))
        fails = mood == "failing" or (mood == "sick" and not is_check)
        return "500 Internal Server Error" if fails else "200 OK"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mood", type=Path, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(MoodyServer(given.name, given.mood, given.journal).serve(given.port))


if __name__ == "__main__":
    main()
