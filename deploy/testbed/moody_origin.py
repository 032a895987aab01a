"""Servers of the farm that can be made ill."""

from __future__ import annotations

import sys
from pathlib import Path

from testbed.layout import FarmHost
from testbed.namespace import Namespace
from testbed.origins import wait_for_port
from testbed.process import Process

MOODY_PORT = 8090


class MoodyOrigin:
    """moody_server.py on a host of the farm."""

    def __init__(self, host: FarmHost, namespace: Namespace, directory: Path) -> None:
        self.host = host
        self._namespace = namespace
        self._directory = directory / f"moody-{host.name}"
        self._mood = self._directory / "mood"
        self._journal = self._directory / "journal"
        self._process: Process | None = None

    def start(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self.become("well")
        words = [sys.executable, "-m", "testbed.moody_server", "--name", self.host.name]
        words += ["--port", str(MOODY_PORT), "--mood", str(self._mood)]
        words += ["--journal", str(self._journal)]
        environment = {"PYTHONPATH": str(Path(__file__).parent.parent)}
        self._process = self._namespace.start(
            f"moody server on {self.host.name}", words, self._directory / "log", environment
        )
        wait_for_port(self._namespace, self.host.ipv4, MOODY_PORT, self._process)

    def become(self, mood: str) -> None:
        # A reader must not find the file empty.
        new = self._mood.with_suffix(".new")
        new.write_text(mood)
        new.rename(self._mood)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        if self._process is not None and self._process.running:
            self._process.stop()

    def requests(self) -> list[float]:
        """When each came, by time.monotonic(); checks are not among them."""
        return [float(line) for line in self._journal.read_text().splitlines() if line]
