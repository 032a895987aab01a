"""The service manager's end of sd_notify(3)'s protocol, for a Sluice of the testbed."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from testbed.process import wait_for


class ServiceManager:
    """Keeps what it is told, with the time of each line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self._told: list[tuple[float, str]] = []

    def close(self) -> None:
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def told(self) -> list[str]:
        """The lines so far."""
        self._receive()
        return [line for _, line in self._told]

    def times_of(self, line: str) -> list[float]:
        self._receive()
        return [when for when, told in self._told if told == line]

    def wait_for(self, line: str, count: int = 1, timeout: float = 10) -> None:
        wait_for(lambda: self.told().count(line) >= count, f"{line}, {count} times", timeout)

    def _receive(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while datagram := self._socket.recv(4096):
                now = time.monotonic()
                self._told += [(now, line) for line in datagram.decode().split("\n")]


@contextlib.contextmanager
def service_manager(directory: Path, watchdog: float | None = None) -> Iterator[ServiceManager]:
    """One that processes started meanwhile are told of; `watchdog` in seconds."""
    manager = ServiceManager(directory / "notify.sock")
    environment = {"NOTIFY_SOCKET": str(manager.path)}
    if watchdog is not None:
        environment["WATCHDOG_USEC"] = str(round(watchdog * 1e6))
    try:
        with _environment(environment):
            yield manager
    finally:
        manager.close()


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]
