"""SYNs from random sources, at the highest rate that the testbed can send, beside 1,000 connections
that transfer: these lose little, newcomers are let in, and nothing grows.

The flood comes in at an interface of its own, so that what is seen is how Sluice shares its time and
memory, and not whose frame a full receive ring has no room for. It goes on answering: there is a
gateway, which drops the answers. The established connections ask for a steady amount below what the
machine can do, for the flooder, the clients and the servers share the CPUs that Sluice leaves; and
the base line is the same load beside the same flood, sent to a host that is not Sluice. `--long`
lasts longer and is strict; the program is the release in both, since with sanitizers the flood
would be far above what any part of it takes.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.client import HTTP, Client
from testbed.frames import mac_address
from testbed.layout import FAR, FAR_CLIENT, WAN
from testbed.load_tester import LoadTester
from testbed.process import TestbedError
from testbed.sluice import Sluice

CONNECTIONS = 1000
SIZE = 8192
REQUESTS_A_SECOND = 2000
LOAD_TESTER = "198.18.0.3"
NO_HOST = bytes.fromhex("020000000099")
MOST_HALF_OPEN = 16384
# What the established connections can have on the way; the flood has no part in it.
MOST_BUFFERS = CONNECTIONS * (SIZE // 1448 + 3)
MIB = 1 << 20


@dataclass
class Flood:
    """What was sent, when it has ended."""

    sent: int = 0
    seconds: float = 0

    @property
    def rate(self) -> float:
        return self.sent / self.seconds


class Flooder:
    """Sends from the wire: to Sluice, or to the near host, which does not take it."""

    def __init__(self, program: Path, testbed: Testbed) -> None:
        self._program = program
        self._testbed = testbed
        self._host = testbed.layout.wire
        self._log = testbed.directory / "syn-flood.log"

    @contextlib.contextmanager
    def flooding(self, interface: str, mac: bytes) -> Iterator[Flood]:
        self._log.unlink(missing_ok=True)
        words: list[object] = ["taskset", "-c", max(os.sched_getaffinity(0)), self._program]
        words += [interface, mac.hex(":"), f"{FAR}:80", "--seconds", 600]
        process = self._host.start("syn-flood", words, self._log)
        flood = Flood()
        try:
            yield flood
        finally:
            code = process.stop()
        if code != 0:
            raise TestbedError(f"syn-flood: exit code {code}\n{process.log_text()}")
        counted = json.loads(process.log_text())
        flood.sent, flood.seconds = counted["sent"], counted["seconds"]


@pytest.fixture
def flooder(request: pytest.FixtureRequest, testbed: Testbed) -> Iterator[Flooder]:
    program = Path(request.config.getoption("--syn-flood")).resolve()
    if not program.exists():
        pytest.fail(f"{program} is not there: build it with deploy/build", pytrace=False)
    wire = testbed.layout.wire
    wire.add_addresses("right", [f"{FAR_CLIENT}/24"])
    yield Flooder(program, testbed)
    wire.run(["ip", "address", "flush", "dev", "right"])


@dataclass
class Watch:
    """Meanwhile: newcomers, one after the other, and what Sluice holds."""

    client: Client
    sluice: Sluice
    newcomers: list[int] = field(default_factory=list)  # curl's exit codes
    resident: list[int] = field(default_factory=list)
    buffers: list[int] = field(default_factory=list)
    half_open: list[int] = field(default_factory=list)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        over = threading.Event()
        threads = [
            threading.Thread(target=self._every, args=(over, each))
            for each in (self._come, self._look)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _every(self, over: threading.Event, each: Callable[[], None]) -> None:
        while not over.wait(0.2):
            each()

    def _come(self) -> None:
        self.newcomers.append(self.client.curl(f"{HTTP}/", timeout=10).exit_code)

    def _look(self) -> None:
        self.resident.append(self.sluice.resident_bytes())
        self.buffers.append(self.sluice.buffers_in_use())
        self.half_open.append(counter(self.sluice, "tcp.half_open"))


def counter(sluice: Sluice, name: str) -> int:
    rows = json.loads(sluice.ask(f"show counters {name} json"))
    return int(rows[0]["value"])


def goodput(testbed: Testbed, program: Path, seconds: float) -> float:
    """Bits a second of the established connections; all of them must do well."""
    tester = LoadTester(program, testbed.layout.client, testbed.directory)
    load = tester.run(
        f"http://{WAN}{testbed.payload(SIZE)}", "--mode", "keepalive", "-c", CONNECTIONS,
        "--rate", REQUESTS_A_SECOND, "-d", f"{seconds}s", "--expect-size", SIZE,
        device="af_packet:eth0", address=f"{LOAD_TESTER}/24",
    )  # fmt: skip
    assert load.failures == {}, load.text
    return float(load.results["body_bits_per_second"])


def test_a_syn_flood_leaves_established_connections_and_newcomers_alone(
    testbed: Testbed,
    client: Client,
    fast_program: Path,
    flooder: Flooder,
    long_form: bool,
    figure: Callable[[str], None],
) -> None:
    seconds = 20 if long_form else 4
    sluice = testbed.start_sluice(
        fast_program, far=True, overlay={"tcp": {"max_half_open": MOST_HALF_OPEN}}
    )
    with flooder.flooding("near", NO_HOST):
        before = goodput(testbed, fast_program, seconds)
    watch = Watch(client, sluice)
    with flooder.flooding("right", mac_address(testbed.layout.edge, "far")) as flood:
        with watch.watching():
            meanwhile = goodput(testbed, fast_program, seconds)
    taken = counter(sluice, "tcp.syns_received")
    cookies = counter(sluice, "tcp.syn_cookies_sent")
    testbed.stop_sluice()
    figure(
        f"SYN flood of {flood.rate:,.0f}/s, {taken / flood.sent:.0%} of it taken: "
        f"{CONNECTIONS} connections at {meanwhile / 1e6:.1f} Mbit/s of {before / 1e6:.1f}, "
        f"{len(watch.newcomers)} newcomers, resident +{growth(watch.resident) / MIB:.1f} MiB, "
        f"{max(watch.buffers)} buffers, {max(watch.half_open)} half-open"
    )
    assert flood.rate > 50_000
    assert cookies > taken / 2
    assert meanwhile >= (0.8 if long_form else 0.6) * before
    assert watch.newcomers and set(watch.newcomers) == {0}
    assert max(watch.half_open) <= MOST_HALF_OPEN
    assert growth(watch.resident) < 4 * MIB
    assert max(watch.buffers) <= MOST_BUFFERS, watch.buffers


def growth(samples: list[int]) -> int:
    return max(samples) - samples[0]
