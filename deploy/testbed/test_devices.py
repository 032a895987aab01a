"""The kinds of port that this machine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed import payload
from testbed.bed import Testbed
from testbed.client import HTTP, HTTPS, Client
from testbed.hugepages import reserved_hugepages
from testbed.layout import WAN, WAN6, WEB1, WEB2
from testbed.origins import page_of

SIZE = 1 << 26


@pytest.mark.parametrize("device", ["af_packet", "af_xdp"])
@pytest.mark.parametrize(
    ("worker_count", "queues"), [(1, 1), (2, 1), (2, 0)], ids=["1-worker", "2-workers", "2-queues"]
)
def test_device_carries_the_traffic(
    testbed: Testbed,
    client: Client,
    checked_program: Path,
    device: str,
    worker_count: int,
    queues: int,
) -> None:
    testbed.start_sluice(checked_program, device=device, workers=worker_count, queues=queues)
    assert {client.curl(f"{HTTP}/").text for _ in range(4)} == {
        page_of(WEB1.name),
        page_of(WEB2.name),
    }
    assert client.curl(f"{HTTPS}/", address=WAN6).status == 200
    transfer = client.download(f"{HTTPS}{testbed.payload(SIZE)}", address=WAN)
    assert (transfer.exit_code, transfer.sha256) == (0, payload.sha256(SIZE))
    testbed.stop_sluice()


def test_hosts_can_ping_sluice(testbed: Testbed, checked_program: Path) -> None:
    testbed.start_sluice(checked_program)
    for address in (WAN, WAN6):
        for size in ("0", "1000"):
            testbed.layout.client.run(["ping", "-c", "3", "-i", "0.2", "-W", "2", "-s", size, address])
    testbed.stop_sluice()


@pytest.mark.parametrize("hugepages", [True, False], ids=["hugepages", "no-hugepages"])
def test_memory_with_and_without_hugepages(
    testbed: Testbed, client: Client, checked_program: Path, hugepages: bool
) -> None:
    with reserved_hugepages(512 if hugepages else 0):
        testbed.start_sluice(checked_program, hugepages=hugepages, max_connections=2048)
        assert client.curl(f"{HTTPS}/").status == 200
        testbed.stop_sluice()
