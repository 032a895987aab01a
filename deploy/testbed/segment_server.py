"""The kernel's part in the comparison of TCPs: one answer to every HTTP request, another to the one
that asks for an end, and an end then or when the client ends."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from pathlib import Path

_BACKLOG = 1024


class Server:
    """Answers at once: what comes late is a difference to another server."""

    def __init__(self, response: bytes, last_response: bytes) -> None:
        self._response = response
        self._last_response = last_response

    async def serve(self, port: int) -> None:
        server = await asyncio.start_server(self._connection, "0.0.0.0", port, backlog=_BACKLOG)
        await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            last = False
            while not last:
                head = await reader.readuntil(b"\r\n\r\n")
                last = b"connection: close" in head.lower()
                writer.write(self._last_response if last else self._response)
        writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--response", type=Path, required=True)
    parser.add_argument("--last-response", type=Path, required=True)
    options = parser.parse_args()
    server = Server(options.response.read_bytes(), options.last_response.read_bytes())
    asyncio.run(server.serve(options.port))


if __name__ == "__main__":
    main()
