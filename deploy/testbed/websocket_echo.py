"""A WebSocket server that sends back what it is sent."""

from __future__ import annotations

import argparse
import asyncio

import websockets


async def echo(connection: websockets.WebSocketServerProtocol) -> None:
    async for message in connection:
        await connection.send(message)


async def serve(port: int) -> None:
    async with websockets.serve(echo, "0.0.0.0", port, max_size=None):
        await asyncio.Future()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
