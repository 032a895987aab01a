"""Clients that ask at a steady pace whatever happens, and note what came of each request."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from testbed.namespace import Namespace

_PATIENCE = 5.0


@dataclass
class Outcome:
    """One request: when it was due, how long its answer took, and the status; 0 for none."""

    at: float
    seconds: float
    status: int

    @property
    def good(self) -> bool:
        return self.status == 200


class SteadyClients:
    """Keep-alive connections that each ask in turn, so many requests a second in all. What is late
    is not left out: each request has its time, and waits for none before it."""

    def __init__(self, host: Namespace, address: str, port: int, rate: float) -> None:
        self._host = host
        self._address = address
        self._port = port
        self._rate = rate
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.outcomes: list[Outcome] = []

    def run(self, seconds: float) -> None:
        asyncio.run(self._run(seconds))

    async def _run(self, seconds: float) -> None:
        begin = time.monotonic()
        asked = set()
        for number in range(round(seconds * self._rate)):
            due = begin + number / self._rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.create_task(self._ask(due))
            asked.add(task)
            task.add_done_callback(asked.discard)
        await asyncio.gather(*asked)
        for _, writer in self._idle:
            writer.close()
        self.outcomes.sort(key=lambda outcome: outcome.at)

    async def _ask(self, due: float) -> None:
        status = 0
        try:
            status = await asyncio.wait_for(self._exchange(), _PATIENCE)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError):
            pass
        self.outcomes.append(Outcome(due, time.monotonic() - due, status))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        connection = self._host.socket()
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (self._address, self._port))
        return await asyncio.open_connection(sock=connection)

    async def _exchange(self) -> int:
        pair = self._idle.pop() if self._idle else await self._connect()
        reader, writer = pair
        try:
            writer.write(b"GET / HTTP/1.1\r\nHost: www.sluice.test\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            fields = dict(
                line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line
            )
            await reader.readexactly(int(fields[b"content-length"]))
        except BaseException:
            writer.transport.abort()
            raise
        if fields.get(b"connection") == b"close":
            writer.close()
        else:
            self._idle.append(pair)
        return int(head.split(b" ", 2)[1])
