"""Handshakes that Sluice does not remember, with a kernel's TCP at the other end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import payload
from testbed.bed import Testbed
from testbed.client import HTTP, HTTPS, Client
from testbed.layout import WAN, WAN6

SIZE = 3_000_000


@pytest.fixture(params=["1", "0"], ids=["timestamps", "no-timestamps"])
def timestamps(request: pytest.FixtureRequest, testbed: Testbed) -> Iterator[bool]:
    """Whether the clients' kernel uses TCP timestamps, which carry what a cookie cannot."""
    key = "net.ipv4.tcp_timestamps"
    testbed.layout.client.sysctl(key, request.param)
    yield request.param == "1"
    testbed.layout.client.sysctl(key, "1")


@pytest.mark.parametrize("address", [WAN, WAN6], ids=["ipv4", "ipv6"])
def test_connections_made_from_cookies_are_as_good_as_others(
    testbed: Testbed, client: Client, checked_program: Path, timestamps: bool, address: str
) -> None:
    sluice = testbed.start_sluice(checked_program, overlay={"tcp": {"syn_cookies": "always"}})
    for base in (HTTP, HTTPS):
        transfer = client.download(f"{base}/special/sized?size={SIZE}", address=address)
        assert (transfer.exit_code, transfer.sha256) == (0, payload.sha256(SIZE))
    response = client.curl(
        f"{HTTP}/special/echo", "--data-binary", "upload" * 15_000, address=address
    )
    assert response.status == 200
    assert sluice.counter("tcp.syn_cookies_accepted") == 3
    assert sluice.counter("tcp.syn_cookies_rejected") == 0
    assert sluice.counter("tcp.syn_cookies_sent") >= 3
    testbed.stop_sluice()
