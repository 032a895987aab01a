"""A link with faults: profiles by name, and the program that stands between two interfaces of its
host and imposes them. impaired_link/ has its source."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from testbed.namespace import Namespace
from testbed.process import Process, TestbedError, wait_for


@dataclass(frozen=True)
class Profile:
    """What befalls frames on a link, as `impaired-link --help` has it: those that go where the data
    of a transfer goes, and those that come back."""

    name: str
    data: str
    acks: str


def _alike(name: str, faults: str) -> Profile:
    return Profile(name, faults, faults)


# Delays are for one way. A profile with a limited MTU comes last: a path's MTU is remembered.
PROFILES = (
    _alike("perfect", ""),
    _alike("lan", "delay=100us"),
    _alike("wan-20ms", "delay=10ms"),
    _alike("intercontinental-150ms", "delay=75ms"),
    _alike("loss-0.1%", "delay=5ms,loss=0.001"),
    _alike("loss-1%-20ms", "delay=10ms,loss=0.01"),
    _alike("loss-5%", "delay=5ms,loss=0.05"),
    _alike("burst-loss", "delay=5ms,burst-enter=0.002,burst-leave=0.25,burst-loss=0.8"),
    _alike("reorder-5%", "delay=5ms,reorder=0.05,reorder-by=4,reorder-time=4ms"),
    _alike("reorder-and-loss", "delay=5ms,reorder=0.05,reorder-by=4,reorder-time=4ms,loss=0.005"),
    _alike("jitter", "delay=10ms,jitter=5ms"),
    _alike("overtaking-jitter", "delay=10ms,jitter=2ms,jitter-keeps-order=no"),
    _alike("duplicate-5%", "delay=5ms,duplicate=0.05"),
    _alike("corrupt-1%", "delay=5ms,corrupt=0.01"),
    _alike("10mbit-short-queue", "delay=5ms,rate=10M,queue=16K"),
    _alike("100mbit-bufferbloat", "delay=5ms,rate=100M,queue=4M"),
    Profile("asymmetric", "delay=10ms,rate=50M,queue=128K", "delay=10ms,rate=1M,queue=16K"),
    Profile("ack-loss", "delay=5ms", "delay=5ms,loss=0.2"),
    _alike("small-mtu", "delay=1ms,mtu=1000"),
    _alike("black-hole-mtu", "delay=1ms,mtu=1200,mtu-answer=no"),
)


@dataclass
class Statistics:
    """What the program counted, when the link has been parted: counters by name, as its JSON has
    them, for frames to the right and to the left."""

    to_right: dict[str, int] = field(default_factory=dict)
    to_left: dict[str, int] = field(default_factory=dict)


class ImpairedLink:
    """Joins interfaces of a host."""

    def __init__(self, program: Path, host: Namespace, directory: Path) -> None:
        self._program = program
        self._host = host
        self._log = directory / "impaired-link.log"
        self._statistics = directory / "impaired-link.json"

    @contextlib.contextmanager
    def joined(
        self, left: str, right: str, to_right: str, to_left: str, seed: int
    ) -> Iterator[Statistics]:
        """Two interfaces, joined while it lasts. Raises TestbedError when the program could not do
        what it was told: then what was measured is not what the profile says."""
        self._log.unlink(missing_ok=True)
        words = [self._program, left, right, "--seed", seed, "--statistics", self._statistics]
        words += ["--to-right", to_right, "--to-left", to_left]
        process = self._host.start("impaired-link", words, self._log)
        statistics = Statistics()
        try:
            wait_for(lambda: _has_joined(process), f"{left} and {right} are joined ({self._log})")
            yield statistics
        finally:
            code = process.stop()
        if code != 0:
            raise TestbedError(f"impaired-link: exit code {code}\n{process.log_text()}")
        counted = json.loads(self._statistics.read_text())
        statistics.to_right = counted["to_right"]
        statistics.to_left = counted["to_left"]
        for counters in (statistics.to_right, statistics.to_left):
            if counters["over_long"] or counters["missed"] or counters["unsent"]:
                raise TestbedError(f"the link lost frames of its own accord: {counters}")


def _has_joined(process: Process) -> bool:
    if not process.running:
        raise TestbedError(f"impaired-link did not start:\n{process.log_text()}")
    return process.log_text().endswith("joined\n")
