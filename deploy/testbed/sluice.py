"""One run of the program under test."""

from __future__ import annotations

import csv
import io
import json
import socket
from pathlib import Path
from typing import Any

from testbed.configuration import Settings, configuration, to_toml
from testbed.namespace import Namespace
from testbed.process import Process, TestbedError, wait_for

# A finding of a sanitizer ends the program at once, with its report in the log.
SANITIZERS = {
    "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:detect_stack_use_after_return=0",
    # What drivers of other projects leave behind at the end of the process.
    "LSAN_OPTIONS": f"suppressions={Path(__file__).with_name('leaks-of-drivers.txt')}",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=99",
}
_LEAN = {
    "ASAN_OPTIONS": SANITIZERS["ASAN_OPTIONS"]
    + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
}
_FINDINGS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "Assertion ")


def ask(admin_socket: Path, command: str, timeout: float = 5) -> str:
    """One command to an admin socket, and its answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(str(admin_socket))
        connection.sendall(command.encode() + b"\n")
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts).decode()


class Sluice:
    """A Sluice in the edge's namespace, from its configuration to its end."""

    def __init__(self, program: Path, namespace: Namespace, settings: Settings) -> None:
        self.program = program
        self.settings = settings
        self._namespace = namespace
        self.config = settings.directory / "sluice.toml"
        self.process: Process | None = None

    def start(self, timeout: float = 60) -> None:
        """Returns when it serves."""
        self.settings.directory.mkdir(parents=True, exist_ok=True)
        self.settings.admin_socket.unlink(missing_ok=True)
        tables = self.settings.tables or configuration(self.settings)
        tables["sluice"].setdefault("admin.socket", str(self.settings.admin_socket))
        self.config.write_text(to_toml(tables))
        self.process = self._namespace.start(
            "sluice",
            [self.program, "run", "-c", self.config],
            self.settings.directory / "sluice.log",
            SANITIZERS | (_LEAN if self.settings.lean else {}),
        )
        wait_for(self._ready, f"Sluice answers on its admin socket ({self._started().log})", timeout)

    def _started(self) -> Process:
        if self.process is None:
            raise TestbedError("Sluice was not started")
        return self.process

    def _ready(self) -> bool:
        process = self._started()
        if not process.running:
            raise TestbedError(
                f"Sluice ended with exit code {process.returncode}:\n{process.log_text()}"
            )
        try:
            return bool(self.info())
        except OSError:
            return False

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.running

    @property
    def pid(self) -> int:
        return self._started().pid

    def ask(self, command: str) -> str:
        return ask(self.settings.admin_socket, command)

    def info(self) -> dict[str, str]:
        """`show info`: what the process as a whole does."""
        pairs = (line.partition(":") for line in self.ask("show info").splitlines())
        return {key.strip(): value.strip() for key, colon, value in pairs if colon}

    def stat(self) -> list[dict[str, str]]:
        """`show stat`: a row for each frontend, backend and server."""
        text = self.ask("show stat").removeprefix("# ")
        return list(csv.DictReader(io.StringIO(text.strip())))

    def stat_of(self, proxy: str, service: str) -> dict[str, str]:
        """One row of `show stat`; service is FRONTEND, BACKEND or a server's name."""
        for row in self.stat():
            if row["pxname"] == proxy and row["svname"] == service:
                return row
        raise TestbedError(f"show stat has no row {proxy} {service}")

    def workers(self) -> list[dict[str, Any]]:
        """`show workers`: load, connections and buffers of each."""
        rows: list[dict[str, Any]] = json.loads(self.ask("show workers json"))
        return rows

    def counter(self, name: str) -> int:
        """One counter of `show counters`, summed over the workers."""
        rows = json.loads(self.ask(f"show counters {name} json"))
        return int(rows[0]["value"])

    def buffers_in_use(self) -> int:
        """Packet buffers that hold something now, over all workers."""
        return sum(row["buffers"] - row["buffers_free"] for row in self.workers())

    def resident_bytes(self) -> int:
        return self._started().resident_bytes()

    def cpu_seconds(self) -> float:
        return self._started().cpu_seconds()

    def findings(self) -> list[str]:
        """Lines of its log in which a sanitizer or an assertion speaks."""
        lines = self._started().log_text().splitlines()
        return [line for line in lines if any(mark in line for mark in _FINDINGS)]

    def stop(self, timeout: float = 60) -> None:
        """Drains and ends it. Raises TestbedError when it does not end well."""
        process = self._started()
        code = process.stop(timeout)
        if code != 0 or self.findings():
            raise TestbedError(f"Sluice ended with exit code {code}:\n{_tail(process.log_text())}")

    def kill(self) -> None:
        self._started().kill()


def _tail(text: str, lines: int = 80) -> str:
    return "\n".join(text.splitlines()[-lines:])
