"""`sluice load` in the place of Sluice: at the edge, with the farm's hosts as its servers."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.layout import FARM, FARM6, WEB1
from testbed.namespace import Namespace
from testbed.process import wait_for
from testbed.sluice import SANITIZERS


@dataclass(frozen=True)
class Load:
    """What came of a load: exit code, the summary for people, and the one for programs."""

    code: int
    text: str
    results: dict[str, Any]

    @property
    def failures(self) -> dict[str, int]:
        failures: dict[str, int] = self.results["failures"]
        return failures


class LoadTester:
    """Runs loads from the edge's port to web1."""

    def __init__(self, program: Path, edge: Namespace, directory: Path) -> None:
        self._program = program
        self._edge = edge
        self._json = directory / "load.json"

    def run(
        self,
        url: str,
        *options: object,
        device: str = "af_packet:web1",
        address: str = f"{FARM}/24",
        config: Path | None = None,
    ) -> Load:
        """The port with its addresses, or what is in the file `config` instead."""
        self._json.unlink(missing_ok=True)
        interface = ["--device", device, "--address", address, "--address", f"{FARM6}/64"]
        words = [self._program, "load", *(["--config", config] if config else interface)]
        words += ["--adaptive", "--quiet", "--json", self._json]
        done = subprocess.run(
            self._edge.command([*words, *options, url]),
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, **SANITIZERS},
        )
        results = json.loads(self._json.read_text()) if self._json.exists() else {}
        return Load(done.returncode, done.stdout + done.stderr, results)


@contextlib.contextmanager
def serving(
    program: Path, edge: Namespace, directory: Path, *options: object, ready: Callable[[], bool]
) -> Iterator[None]:
    """A `sluice serve` at the edge, from when it is `ready`; its end must be a good one."""
    words = [program, "serve", "--adaptive", "--quiet", *options]
    log = directory / "serve.log"
    process = edge.start("sluice serve", words, log, SANITIZERS)
    try:
        wait_for(ready, f"sluice serve listens ({log})", timeout=30)
        yield
    finally:
        code = process.stop(timeout=30)
    assert code == 0, process.log_text()


class Pair:
    """`sluice serve` and `sluice load`, joined by shared memory."""

    SERVER = "198.18.0.1"
    NAME = "pair.sluice.test"

    def __init__(self, program: Path, edge: Namespace, directory: Path) -> None:
        self._program = program
        self._edge = edge
        self._directory = directory
        self._socket = directory / "pair.sock"

    @contextlib.contextmanager
    def serving(self, *options: object) -> Iterator[None]:
        self._socket.unlink(missing_ok=True)
        where = ("--device", f"memif:{self._socket},role=server", "--address", f"{self.SERVER}/24")
        with serving(
            self._program, self._edge, self._directory, *where, *options, ready=self._socket.exists
        ):
            yield

    def load(self, *options: object, secure: bool = False) -> Load:
        tester = LoadTester(self._program, self._edge, self._directory)
        device = f"memif:{self._socket},role=client"
        scheme, port = ("https", 443) if secure else ("http", 80)
        where = ("--connect", f"{self.SERVER}:{port}")
        return tester.run(
            f"{scheme}://{self.NAME}/", *where, *options, device=device, address="198.18.0.2/24"
        )


def url_of(path: str, port: int = 80, secure: bool = False) -> str:
    """A path of web1, on that port or by TLS."""
    return f"https://{WEB1.ipv4}{path}" if secure else f"http://{WEB1.ipv4}:{port}{path}"
