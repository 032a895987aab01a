"""Transfers over networks that lose, delay, reorder, repeat and corrupt frames."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed import payload
from testbed.bed import Testbed
from testbed.client import HTTP, HTTPS, Client
from testbed.impaired_link import ImpairedLink
from testbed.layout import FAR, WAN, WEB1

SEED = 20261122
SIZE = 4 << 20

LINKS = {
    "far": "delay=20ms",
    "lossy": "delay=2ms,loss=0.01",
    "reordering": "delay=2ms,jitter=2ms,jitter-keeps-order=no",
    "repeating": "delay=1ms,duplicate=0.05",
    "corrupting": "delay=1ms,corrupt=0.01",
    "all at once": "delay=2ms,jitter=1ms,jitter-keeps-order=no,loss=0.005,duplicate=0.01"
    ",corrupt=0.005",
}


@pytest.fixture(scope="module", autouse=True)
def sluice(testbed: Testbed, checked_program: Path) -> Iterator[None]:
    # The last ACKs of what went over the wire are lost when the wire is taken away.
    overlay = {"sluice": {"drain_timeout": "2s"}}
    testbed.start_sluice(checked_program, workers=2, far=True, overlay=overlay)
    yield
    testbed.stop_sluice()


def transfer_both_ways(
    testbed: Testbed, client: Client, address: str, size: int, timeout: float
) -> float:
    """A download and an upload over TLS, compared by SHA-256; returns the seconds they took."""
    path = testbed.payload(size)
    download = client.download(f"{HTTPS}{path}", address=address, timeout=timeout)
    assert (download.exit_code, download.sha256) == (0, payload.sha256(size))
    upload = client.curl(
        f"{HTTPS}/special/sha256", "-X", "POST", "-T", testbed.files / path.rpartition("/")[2],
        address=address, timeout=timeout,
    )  # fmt: skip
    assert upload.exit_code == 0, upload.error
    assert json.loads(upload.body)["sha256"] == payload.sha256(size)
    return download.seconds + upload.seconds


@pytest.mark.parametrize("kind", LINKS)
def test_transfer_over_an_impaired_link(
    testbed: Testbed, impaired_link: ImpairedLink, figure: Callable[[str], None], kind: str
) -> None:
    faults = LINKS[kind]
    with impaired_link.joined("left", "right", faults, faults, SEED):
        seconds = transfer_both_ways(testbed, testbed.far_client, FAR, SIZE, timeout=90)
    figure(f"4 MiB each way over a link that is {kind}: {seconds:.1f} s")


@pytest.mark.parametrize("side", ["client", "server"])
def test_transfer_over_a_link_that_loses_one_frame_in_a_hundred(
    testbed: Testbed, client: Client, side: str
) -> None:
    host = testbed.layout.client if side == "client" else testbed.layout.farm[WEB1.name]
    host.drop("eth0", 1)
    try:
        transfer_both_ways(testbed, client, WAN, SIZE, timeout=90)
    finally:
        host.drop_nothing()
    assert client.curl(f"{HTTP}/").status == 200
