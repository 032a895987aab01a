"""The proxies that are compared: each is one worker on one CPU in front of the same server, and is
loaded by the same load tester with the same certificate."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from measuring import BUFFER, CLIENTS, SERVER, Load, resident_memory, thread_seconds
from peers import PeerProxy
from proxied import Farm, Proxied, metric

PEERS = ("nginx", "haproxy")
NAMES = ("sluice", *PEERS)
FARM = Farm(addresses=1, ports=range(80, 81))


class Contender(Protocol):
    """A proxy that runs. Times and memory are differences' ends: only how they change tells."""

    def start(self, seconds: float, url: str, *options: object, addresses: str = CLIENTS) -> Load:
        """A load by `sluice load`."""

    def cpu_seconds(self) -> float:
        """What its work has taken, with that of the kernel for it."""

    def memory(self) -> int:
        """Bytes, with those that the kernel holds for it."""


class SluiceProxy(Proxied):
    """With TLS beside plain HTTP, and an access log. Its work are those passes of its worker's loop
    that found something to do."""

    def __init__(
        self, program: Path, directory: Path, certificate: Path, size: int, process: str = ""
    ) -> None:
        super().__init__(program, directory, FARM, size, process)
        self._certificate = certificate
        self._directory_of_log = directory

    @contextlib.contextmanager
    def contending(self) -> Iterator[SluiceProxy]:
        more = f"""
[[frontend]]
name = "www-tls"
bind = "{SERVER}:443"
tls.certificate = "{self._certificate}"
backend = "farm"
timeout.keep_alive = "1h"
[access_log]
to = "{self._directory_of_log}/access.log"
format = "haproxy"
"""
        with self.running(more) as process:
            self._process = process
            self._begun, self._cycles = time.monotonic(), self._all_cycles()
            time.sleep(0.2)
            yield self

    @staticmethod
    def _all_cycles() -> float:
        return metric("sluice_worker_busy_cycles_total") + metric("sluice_worker_idle_cycles_total")

    def cpu_seconds(self) -> float:
        busy = metric("sluice_worker_busy_cycles_total")
        rate = (self._all_cycles() - self._cycles) / (time.monotonic() - self._begun)
        return busy / rate

    def log(self) -> tuple[float, float]:
        """Lines of the access log, and seconds of its own thread, which is not counted with the
        worker."""
        lines = metric("sluice_access_log_lines_total")
        return lines, thread_seconds(self._process.pid, "access-log")

    def memory(self) -> int:
        """Packet buffers are resident from the start: those in use are counted."""
        info = self.info()
        return self.resident() + (info["Buffers"] - info["BuffersFree"]) * BUFFER

    def resident(self) -> int:
        """All memory of the process, bytes."""
        return resident_memory(self._process.pid)

    def info(self) -> dict[str, int]:
        """The numbers of `show info`."""
        pairs = (line.split(": ", 1) for line in self._show_info() if ": " in line)
        return {name: int(value) for name, value in pairs if value.isdecimal()}

    def _show_info(self) -> list[str]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(f"{self._directory_of_log}/admin.sock")
            connection.sendall(b"show info\n")
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode().splitlines()


@dataclass(frozen=True)
class Contest:
    """What contenders are made of."""

    program: Path
    directory: Path
    certificate: Path

    @contextlib.contextmanager
    def running(self, name: str, size: int) -> Iterator[Contender]:
        """With a server whose bodies have so many bytes."""
        made_of = (self.program, self.directory, self.certificate, size)
        proxy = SluiceProxy(*made_of) if name == "sluice" else PeerProxy(name, *made_of)
        with proxy.contending() as contender:
            yield contender
