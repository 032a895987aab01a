"""What the scripts beside it share: `sluice serve` and `sluice load` over shared memory (memif), on
a core each, and what a server's work costs."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/sluice"
SERVER = "198.18.0.1"
CLIENTS = "198.18.0.2-198.18.0.9/24"
BUFFER = 2304  # bytes of a packet buffer, with its head
SERVER_CPU, CLIENT_CPU = 0, 1
KEYS = {
    "ecdsa": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "rsa": ("-newkey", "rsa:2048"),
}


class Failed(Exception):
    """It could not be measured."""


def make_certificate(directory: Path, kind: str = "ecdsa") -> Path:
    """A certificate for SERVER with its key (P-256, or RSA with 2048 bits) in one PEM file."""
    key, certificate, both = (directory / f"{kind}-{part}.pem" for part in ("key", "cert", "both"))
    subprocess.run(
        ["openssl", "req", "-x509", *KEYS[kind], "-nodes", "-days", "2", "-subj", "/CN=bench"]
        + ["-addext", f"subjectAltName=IP:{SERVER}", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    both.write_text(certificate.read_text() + key.read_text())
    return both


def thread_seconds(process: int, name: str | None = None) -> float:
    """CPU time of a process's threads: all, or those of that name."""
    used = 0
    for task in Path(f"/proc/{process}/task").iterdir():
        if name is None or (task / "comm").read_text().strip() == name:
            used += int((task / "schedstat").read_text().split()[0])
    return used / 1e9


def resident_memory(process: int) -> int:
    """Huge pages included, bytes."""
    fields = dict(
        line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines()
    )
    return sum(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "HugetlbPages"))


def put_first(process: int) -> None:
    """Has the worker of a process run before all else on its CPU (SCHED_FIFO; needs root). Not from
    the process's beginning: what its start waits for would have no CPU."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for task in Path(f"/proc/{process}/task").iterdir():
            if (task / "comm").read_text().strip() == "worker-0":
                os.sched_setscheduler(int(task.name), os.SCHED_FIFO, os.sched_param(10))
                return
        time.sleep(0.005)
    raise Failed(f"process {process} has no worker")


class Server:
    """A `sluice serve` with one worker."""

    def __init__(self, process: subprocess.Popen[bytes], results: Path, log: Path) -> None:
        self.process = process
        self._results = results
        self._log = log
        self._cpu_seconds = 0.0

    def stop(self) -> None:
        if self.process.poll() is None:
            self._cpu_seconds = self.cpu_seconds()
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(60)
        if code != 0:
            raise Failed(f"sluice serve ended with exit code {code}:\n{self._log.read_text()}")

    def wait_for(self, ready: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None:
                raise Failed(f"sluice serve ended:\n{self._log.read_text()}")
            if time.monotonic() > deadline:
                raise Failed(f"sluice serve: not as it should be after {seconds:.0f} s")
            time.sleep(0.05)

    def running(self) -> bool:
        """It has written a first line of what it does."""
        return "conn/s" in self._log.read_text()

    def latest(self, what: str) -> int:
        """The number before a word of its latest line: "open", "buffers"; 0 before the first."""
        numbers = re.findall(rf"(\d+) {what}\b", self._log.read_text())
        return int(numbers[-1]) if numbers else 0

    def cpu_seconds(self) -> float:
        """Of its worker, until now, polling included."""
        return thread_seconds(self.process.pid, "worker-0")

    def resident(self) -> int:
        """Its memory, huge pages included, bytes."""
        return resident_memory(self.process.pid)

    # When it has stopped:

    @property
    def results(self) -> dict[str, Any]:
        results: dict[str, Any] = json.loads(self._results.read_text())
        return results

    @property
    def work_seconds(self) -> float:
        """CPU time of its worker in passes of the loop that found something to do. What other
        processes took from the CPU meanwhile is spread over all passes."""
        results = self.results
        busy = results["busy_seconds"] / (results["busy_seconds"] + results["idle_seconds"])
        return self._cpu_seconds * float(busy)


class Load:
    """A `sluice load` under way."""

    def __init__(self, process: subprocess.Popen[str], results: Path) -> None:
        self.process = process
        self._results = results

    def stop(self) -> None:
        """Early, without a result."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)

    def result(self, timeout: float = 120) -> dict[str, Any]:
        _, errors = self.process.communicate(timeout=timeout)
        if not self._results.exists():
            raise Failed(errors.strip() or "sluice load left no result")
        results: dict[str, Any] = json.loads(self._results.read_text())
        return results


class Pair:
    """Servers and load testers; a port of theirs is used once."""

    def __init__(self, program: Path, directory: Path, mtu: int = 1500) -> None:
        self._program = program
        self._directory = directory
        self._mtu = mtu

    def _file(self, name: str) -> Path:
        return self._directory / name

    def _device(self, port: str, role: str, *options: str) -> str:
        words = (f"memif:{self._file(f'{port}.sock')}", f"role={role}", f"mtu={self._mtu}")
        return ",".join((*words, *options))

    def _start_server(self, devices: list[str], *options: object) -> Server:
        results, log = self._file("serve.json"), self._file("serve.log")
        results.unlink(missing_ok=True)
        words: list[object] = [*only_on(SERVER_CPU), self._program, "serve", "--cpu", SERVER_CPU]
        words += ["--address", f"{SERVER}/24", "--json", results]
        for device in devices:
            words += ["--device", device]
        with log.open("w") as lines:
            process = subprocess.Popen([str(word) for word in (*words, *options)], stderr=lines)
        return Server(process, results, log)

    @contextlib.contextmanager
    def serving(self, *options: object, ports: tuple[str, ...] = ("pair",)) -> Iterator[Server]:
        """A server with so many ports."""
        server = self._start_server([self._device(port, "server") for port in ports], *options)
        try:
            # The socket is there earlier, but a client that comes before the port has started is
            # sent away and does not come again.
            server.wait_for(server.running)
            yield server
        finally:
            server.stop()

    def served_in_place(
        self, url: str, *options: object, serve: list[object], zero_copy: bool = True
    ) -> tuple[Server, dict[str, Any]]:
        """A load on a server out of whose memory the load tester takes the frames: the server is
        the memif's client, for it is the client's memory that is shared. Its connections begin a
        second late. Returns the server, which has stopped, and the load's results."""
        trust = ("checksums=no",) if zero_copy else ()
        load = self.start_load(url, *options, role="server", device_options=trust)
        socket = self._file("pair.sock")
        deadline = time.monotonic() + 30
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)  # until it listens and its port has started
        sharing = ("zero-copy=yes",) if zero_copy else ()
        device = self._device("pair", "client", *trust, *sharing)
        server = self._start_server([device], *serve)
        try:
            server.wait_for(server.running)
            return server, load.result()
        finally:
            server.stop()

    def start_load(
        self,
        url: str,
        *options: object,
        port: str = "pair",
        address: str = CLIENTS,
        first: bool = False,
        role: str = "client",
        device_options: tuple[str, ...] = (),
    ) -> Load:
        """`first`: its worker before all else on its CPU; needs root."""
        results = self._file(f"{port}-load.json")
        results.unlink(missing_ok=True)
        words: list[object] = [*only_on(CLIENT_CPU), self._program, "load", "--cpu", CLIENT_CPU]
        words += ["--quiet", "--json", results]
        device = self._device(port, role, *device_options)
        words += ["--device", device, "--address", address, *options, url]
        process = subprocess.Popen(
            [str(word) for word in words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if first:
            put_first(process.pid)
        return Load(process, results)

    def load(self, url: str, *options: object) -> dict[str, Any]:
        return self.start_load(url, *options).result()


def url_of(secure: bool) -> str:
    return f"{'https' if secure else 'http'}://{SERVER}/"


def only_on(cpu: int) -> list[object]:
    """In front of a command: its other threads would go where the worker is not, to the other side's
    CPU."""
    return ["taskset", "-c", cpu]


def milliseconds(seconds: float) -> str:
    """As an option of `sluice load`."""
    return f"{round(seconds * 1000)}ms"


def two_cpus_and(*programs: Path) -> None:
    for program in programs:
        if not program.exists():
            raise Failed(f"{program} is not there: run deploy/build release")
    if len(os.sched_getaffinity(0)) < 2:
        raise Failed("it needs two CPUs")


def exit_code_of(script: str, main: Callable[[], int]) -> int:
    """3, with a message, when it could not be measured."""
    try:
        return main()
    except Failed as failure:
        print(f"{script}: {failure}", file=sys.stderr)
        return 3
