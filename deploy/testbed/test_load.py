"""Many connections at once, on the release build: nothing fails, and idling costs little."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.client import HTTPS, Client
from testbed.idle_clients import IdleClients
from testbed.sluice import Sluice

MANY = 10_000
IDLE = 1_000
IDLE_CPU_LIMIT = 0.05  # of one core


@pytest.fixture(scope="module")
def fast(testbed: Testbed, fast_program: Path) -> Iterator[Sluice]:
    # A client that opens thousands of connections one after the other is slow to use the first.
    patient = {"timeout.keep_alive": "5m", "timeout.request": "2m"}
    yield testbed.start_sluice(
        fast_program, max_connections=65536, overlay={"frontend": patient}
    )
    testbed.stop_sluice()


@pytest.mark.parametrize("ways", [(), ("Connection: close",)], ids=["keep-alive", "close"])
def test_wrk_over_https_meets_no_error(
    client: Client,
    fast: Sluice,
    long_form: bool,
    figure: Callable[[str], None],
    ways: tuple[str, ...],
) -> None:
    seconds = 20 if long_form else 5
    result = client.wrk(f"{HTTPS}/", seconds, 500, *ways)
    assert (result.socket_errors, result.bad_statuses) == (0, 0), result.text
    assert result.requests >= 100
    figure(
        f"wrk -c500 over HTTPS, {'Connection: close' if ways else 'keep-alive'}: "
        f"{result.requests} requests in {seconds} s, no error"
    )


def test_idle_connections_cost_little(
    client: Client, fast: Sluice, figure: Callable[[str], None]
) -> None:
    """1,000 connections over TLS that have been used once and say nothing more."""
    with IdleClients(client) as clients:
        clients.open(IDLE, port=443)
        assert clients.ask_all() == IDLE
        time.sleep(2)
        used, start = fast.cpu_seconds(), time.monotonic()
        time.sleep(10)
        share = (fast.cpu_seconds() - used) / (time.monotonic() - start)
        resident = fast.resident_bytes()
        assert clients.ask_all() == IDLE
    figure(
        f"{IDLE} idle TLS connections: {share:.1%} of a core, "
        f"resident memory {resident / 2**20:.0f} MiB"
    )
    assert share < IDLE_CPU_LIMIT


@pytest.mark.parametrize("workers_of_run", [1, 2], ids=["1-worker", "2-workers"])
def test_10000_idle_connections_stay_open_and_answer(
    testbed: Testbed,
    client: Client,
    fast_program: Path,
    long_form: bool,
    figure: Callable[[str], None],
    workers_of_run: int,
) -> None:
    sluice = testbed.start_sluice(
        fast_program,
        workers=workers_of_run,
        max_connections=65536,
        overlay={"frontend": {"timeout.keep_alive": "5m", "timeout.request": "2m"}},
    )
    with IdleClients(client) as clients:
        clients.open(MANY)
        assert clients.ask_all() == MANY
        time.sleep(60 if long_form else 10)
        assert clients.closed() == 0
        resident = sluice.resident_bytes()
        assert clients.ask_all() == MANY
    figure(
        f"{MANY} idle connections, {workers_of_run} worker(s): "
        f"resident memory {resident / 2**20:.0f} MiB"
    )
    testbed.stop_sluice()
