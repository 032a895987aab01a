"""Routers that mark packets rather than drop them (ECN, RFC 3168): Sluice and a kernel see the same
marks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.impaired_link import ImpairedLink
from testbed.link_transfers import MIB, SEED, SLUICE, Role, kernels_serving
from testbed.namespace import Namespace
from testbed.sluice import Sluice


@pytest.fixture(scope="module", autouse=True)
def kernels(testbed: Testbed) -> Iterator[None]:
    with kernels_serving(testbed):
        yield


# Room for slow start, and a window that a mark leaves large enough to fill the link.
MARKING_LINK = "delay=5ms,rate=20M,queue=4M"
MARKS = "mark=0.003"


def kernel_counters(host: Namespace) -> dict[str, int]:
    counters = json.loads(host.run(["nstat", "-asz", "--json"]).stdout)["kernel"]
    assert isinstance(counters, dict)
    return counters


def watched(host: Namespace, work: Callable[[], float]) -> tuple[float, str]:
    """What some work returns, and what `ss` has told meanwhile of the host's connections."""
    told = ""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        while not future.done():
            told += host.run(["ss", "-toin"]).stdout
            time.sleep(0.05)
        return future.result(), told


@pytest.fixture
def with_ecn(testbed: Testbed, checked_program: Path) -> Iterator[Sluice]:
    """Both sides ask for ECN in the connections that they open."""
    testbed.layout.far.sysctl("net.ipv4.tcp_ecn", "1")
    overlay = {"tcp": {"ecn": "request"}, "sluice": {"drain_timeout": "1s"}}
    yield testbed.start_sluice(checked_program, far=True, overlay=overlay)
    testbed.stop_sluice()
    testbed.layout.far.sysctl("net.ipv4.tcp_ecn", "2")


@pytest.mark.parametrize("role", SLUICE, ids=lambda role: role.name)
def test_routers_that_mark_rather_than_drop(
    testbed: Testbed,
    with_ecn: Sluice,
    impaired_link: ImpairedLink,
    figure: Callable[[str], None],
    role: Role,
) -> None:
    """Nothing is lost, the rate is the link's but for what a smaller window costs, and both sides
    have counted the same marks."""
    size = 4 * MIB
    far = testbed.layout.far

    def move() -> float:
        return role.move(testbed, size, 60)

    with impaired_link.joined("left", role.end, MARKING_LINK, MARKING_LINK, SEED):
        plain = move()
    assert with_ecn.counter("tcp.ecn_reductions") == 0
    before = kernel_counters(far)
    faults = f"{MARKING_LINK},{MARKS}"
    with impaired_link.joined("left", role.end, faults, faults, SEED) as counted:
        marked, told = watched(far, move)
    after = kernel_counters(far)
    way = counted.to_left if role.to_far else counted.to_right
    figure(
        f"{role.name} over a link that marks: {plain:.2f} s without marks, {marked:.2f} s with"
        f" {way['marked']}; Sluice reduced its window {with_ecn.counter('tcp.ecn_reductions')} times"
    )

    assert way["marked"] >= 3
    assert all(w["lost"] == w["queue_dropped"] == 0 for w in (counted.to_left, counted.to_right))
    assert with_ecn.counter("tcp.ecn_connections") >= 1
    assert with_ecn.counter("tcp.fast_retransmits") == 0
    used = " ecn " in told
    assert used, "ss shows no connection with ECN"
    if role.to_far:
        assert after["IpExtInCEPkts"] - before["IpExtInCEPkts"] == way["marked"]
        assert 1 <= with_ecn.counter("tcp.ecn_reductions") <= way["marked"]
    else:
        assert with_ecn.counter("tcp.ecn_marks_received") == way["marked"]
        assert after["TcpExtTCPDeliveredCE"] > before["TcpExtTCPDeliveredCE"]
    assert plain > 0.7 * marked
