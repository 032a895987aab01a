"""`sluice run` with one worker, before servers that are `sluice serve`, all over shared memory: what
benches of the proxy share."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring import (
    CLIENT_CPU,
    CLIENTS,
    SERVER,
    SERVER_CPU,
    Failed,
    Load,
    Pair,
    milliseconds,
    only_on,
    put_first,
    url_of,
)

MANAGEMENT_PORT = 9101
KEEP_ALIVE = ("--mode", "keepalive", "-c", 256)


def get(path: str, port: int = MANAGEMENT_PORT) -> bytes:
    """A page of the management address, as a scraper takes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        answer = bytearray()
        while piece := connection.recv(1 << 20):
            answer += piece
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise Failed(f"{path}: {head.decode()}")
    return body


def metric(name: str) -> float:
    """The sum over all labels."""
    lines = get("/metrics").decode().splitlines()
    values = [line.rsplit(" ", 1) for line in lines if line.startswith((f"{name}{{", f"{name} "))]
    if not values:
        raise Failed(f"/metrics has no {name}")
    return sum(float(value) for _, value in values)


@dataclass(frozen=True)
class Farm:
    """Servers at addresses of 198.18.1.0/24, each with these ports."""

    addresses: int
    ports: range

    def servers(self) -> list[str]:
        hosts = range(2, 2 + self.addresses)
        return [f"198.18.1.{host}:{port}" for port in self.ports for host in hosts]

    def options(self) -> list[object]:
        """Of `sluice serve`."""
        options: list[object] = ["--address", f"198.18.1.2-198.18.1.{1 + self.addresses}/24"]
        for port in self.ports:
            options += ["--listen", port]
        return options


class Proxied:
    """The worker has one CPU; the load tester, the servers and all other threads share the other
    one, where the former two go first (needs root)."""

    def __init__(
        self, program: Path, directory: Path, farm: Farm, size: int, process: str = ""
    ) -> None:
        """`size` of a body; `process` are further keys of [sluice]."""
        self._program = program
        self._directory = directory
        self._pair = Pair(program, directory)
        self._farm = farm
        self._size = size
        self._process_keys = process

    def _configuration(self, more: str) -> str:
        servers = ", ".join(f'"{server}"' for server in self._farm.servers())
        return f"""
[sluice]
workers = 1
cpus = [{SERVER_CPU}]
hugepages = "auto"
admin.socket = "{self._directory}/admin.sock"
log.level = "warning"
{self._process_keys}
[management]
listen = "127.0.0.1:{MANAGEMENT_PORT}"
[[interface]]
name = "wan"
ports = "memif:{self._directory}/wan.sock,role=server,mtu=1500"
address = "{SERVER}/24"
[[interface]]
name = "farm"
ports = "memif:{self._directory}/farm.sock,role=server,mtu=1500"
address = "198.18.1.1/24"
[[frontend]]
name = "www"
bind = "{SERVER}:80"
backend = "farm"
timeout.keep_alive = "1h"
[[backend]]
name = "farm"
server = [{servers}]
{more}
"""

    @contextlib.contextmanager
    def _started(self, name: str, *words: object) -> Iterator[subprocess.Popen[bytes]]:
        log = self._directory / f"{name}.log"
        with log.open("w") as lines:
            process = subprocess.Popen(
                [str(word) for word in words], stdout=subprocess.DEVNULL, stderr=lines
            )
        try:
            yield process
            if process.poll() is not None:
                raise Failed(f"{name} ended:\n{log.read_text()}")
        finally:
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGINT)  # without draining
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextlib.contextmanager
    def running(self, more: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """Sluice, with its servers; `more` are further tables of its configuration."""
        config = self._directory / "sluice.toml"
        config.write_text(self._configuration(more))
        serve: list[object] = [*only_on(CLIENT_CPU), self._program, "serve", "--cpu", CLIENT_CPU]
        serve += ["--share-cpu", "--quiet", "--size", self._size, *self._farm.options()]
        serve += ["--device", f"memif:{self._directory}/farm.sock,role=client,mtu=1500"]
        with self._started("run", self._program, "run", "-c", config) as sluice:
            self._wait(sluice)
            with self._started("serve", *serve) as servers:
                put_first(servers.pid)
                time.sleep(2)  # until the farm's port has its peer
                yield sluice

    @staticmethod
    def _wait(sluice: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                get("/healthz")
                return
            except OSError:
                if sluice.poll() is not None or time.monotonic() > deadline:
                    raise Failed("sluice run does not begin") from None
                time.sleep(0.1)

    def load(self, seconds: float, *options: object) -> dict[str, Any]:
        """What `sluice load` says of keep-alive requests."""
        return self.start(seconds, url_of(secure=False), *KEEP_ALIVE, *options).result()

    def start(self, seconds: float, url: str, *options: object, addresses: str = CLIENTS) -> Load:
        """A load by `sluice load`."""
        words = (*options, "--share-cpu", "-d", milliseconds(seconds))
        return self._pair.start_load(url, *words, port="wan", address=addresses, first=True)
