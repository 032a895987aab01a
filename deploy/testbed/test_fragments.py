"""IP fragments: dropped, or put together where the operator asks for it.

Over af_xdp: before af_packet, a kernel puts IPv4's together itself.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.frames import internet_checksum
from testbed.layout import CLIENT, CLIENT6, WAN, WAN6

SIZE = 1400
# Only IPv6's least is allowed to both.
ROUTE_MTU = 1280
CLOSED_PORT, OUR_PORT = 9, 40_000
RST = 0x04


@pytest.fixture(autouse=True)
def narrow_routes(testbed: Testbed) -> Iterator[None]:
    """The client's kernel cuts what is larger into fragments, and takes whole answers."""
    host = testbed.layout.client
    routes = [["ip", "route", verb, f"{WAN}/32"] for verb in ("add", "del")]
    routes6 = [["ip", "-6", "route", verb, f"{WAN6}/128"] for verb in ("add", "del")]
    narrow = ["dev", "eth0", "mtu", "lock", str(ROUTE_MTU)]
    for add, _ in (routes, routes6):
        host.run(add + narrow)
    yield
    for _, delete in (routes, routes6):
        host.run(delete)


def echo_request(version: int) -> bytes:
    """An echo request; IPv6's checksum is the kernel's to make."""
    kind = 8 if version == 4 else 128
    body = struct.pack("!HH", 7, 1) + b"e" * SIZE
    checksum = internet_checksum(struct.pack("!BBH", kind, 0, 0) + body)
    return struct.pack("!BBH", kind, 0, checksum) + body


def syn_with_data() -> bytes:
    """To a port where nobody listens: a reset answers it, and counts its bytes."""
    header = struct.pack("!HHIIBBHHH", OUR_PORT, CLOSED_PORT, 1, 0, 5 << 4, 2, 8192, 0, 0)
    segment = header + b"d" * SIZE
    pseudo = socket.inet_aton(CLIENT) + socket.inet_aton(WAN)
    pseudo += struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(segment))
    checksum = internet_checksum(pseudo + segment)
    return segment[:16] + struct.pack("!H", checksum) + segment[18:]


def answer(raw: socket.socket, seconds: float = 2) -> bytes:
    """The next datagram, empty when none comes."""
    raw.settimeout(seconds)
    try:
        return raw.recv(4096)
    except TimeoutError:
        return b""


def echoed(testbed: Testbed, version: int) -> bool:
    family, protocol = (
        (socket.AF_INET, socket.IPPROTO_ICMP)
        if version == 4
        else (socket.AF_INET6, socket.IPPROTO_ICMPV6)
    )
    with testbed.layout.client.socket(family, socket.SOCK_RAW, protocol) as raw:
        raw.bind((CLIENT if version == 4 else CLIENT6, 0))
        raw.sendto(echo_request(version), (WAN if version == 4 else WAN6, 0))
        while data := answer(raw):
            if data.endswith(b"e" * SIZE) and data[0 if version == 6 else 20] in (0, 129):
                return True
    return False


def refused(testbed: Testbed) -> bool:
    """Whether a reset came that acknowledges the SYN and all its bytes."""
    with testbed.layout.client.socket(
        socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP
    ) as raw:
        raw.sendto(syn_with_data(), (WAN, 0))
        while data := answer(raw):
            source, target, _, acknowledged, _, flags = struct.unpack_from("!HHIIBB", data, 20)
            if (source, target) == (CLOSED_PORT, OUR_PORT):
                assert flags & RST
                return bool(acknowledged == 1 + 1 + SIZE)
    return False


@pytest.mark.parametrize("version", [4, 6], ids=["ipv4", "ipv6"])
def test_fragments_are_put_together_where_that_is_asked_for(
    testbed: Testbed, checked_program: Path, version: int
) -> None:
    overlay = {"ip": {"fragments": "reassemble"}}
    sluice = testbed.start_sluice(
        checked_program, device="af_xdp", workers=2, overlay=overlay
    )
    assert echoed(testbed, version)
    assert sluice.counter("ip.fragments_received") == 2
    assert sluice.counter("ip.datagrams_reassembled") == 1
    if version == 4:
        assert refused(testbed)
    testbed.stop_sluice()


def test_fragments_are_dropped_otherwise(testbed: Testbed, checked_program: Path) -> None:
    sluice = testbed.start_sluice(checked_program, device="af_xdp")
    assert not echoed(testbed, 4)
    assert not echoed(testbed, 6)
    assert sluice.counter("ip.ip_fragment") == 4
    assert sluice.counter("ip.datagrams_reassembled") == 0
    testbed.stop_sluice()
