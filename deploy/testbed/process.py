"""Starting, watching and ending the programs of the testbed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class TestbedError(Exception):
    """Something of the testbed did not work; the message says what."""

    __test__ = False


def run(
    command: Sequence[object],
    *,
    timeout: float = 60,
    check: bool = True,
    input_text: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end and returns what it printed. Raises TestbedError if it fails."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=timeout, input=input_text, errors="replace"
        )
    except subprocess.TimeoutExpired as expired:
        raise TestbedError(f"{' '.join(words)}: not done after {timeout} s") from expired
    except FileNotFoundError as missing:
        raise TestbedError(f"{words[0]} is not installed") from missing
    if check and done.returncode != 0:
        raise TestbedError(
            f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done


def wait_for(condition: Callable[[], bool], what: str, timeout: float = 10, step: float = 0.02) -> None:
    """Returns once the condition holds; raises TestbedError when it does not within the time."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TestbedError(f"waited {timeout} s in vain: {what}")
        time.sleep(step)


class Process:
    """A program of the testbed that runs in the background, with a log file of its own."""

    def __init__(
        self,
        name: str,
        command: Sequence[object],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.command = [str(word) for word in command]
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                # A Ctrl-C is for us; we end it in order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """The exit code (negative: minus the signal), or None while it runs."""
        return self._popen.poll()

    @property
    def running(self) -> bool:
        return self.returncode is None

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def send(self, number: signal.Signals) -> None:
        if self.running:
            self._popen.send_signal(number)

    def wait(self, timeout: float) -> int:
        """Waits for the end and returns the exit code."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired as expired:
            raise TestbedError(f"{self.name} (pid {self.pid}) still runs after {timeout} s") from expired

    def kill(self) -> None:
        """Ends it as a crash would: SIGKILL."""
        self.send(signal.SIGKILL)
        self.wait(10)

    def stop(self, timeout: float = 10) -> int:
        """Asks it to end (SIGTERM), kills it when it does not within the time."""
        self.send(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except TestbedError:
            self.kill()
            raise

    def resident_bytes(self) -> int:
        """Memory it holds now: private and shared pages, hugepages not among them."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise TestbedError(f"{self.name} (pid {self.pid}) has no resident memory: it has ended")

    def cpu_seconds(self) -> float:
        """User and system time it has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
