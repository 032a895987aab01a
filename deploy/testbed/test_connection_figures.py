"""What `show sess` tells of a connection, beside what the kernel at its other end knows."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from testbed.bed import Testbed
from testbed.impaired_link import ImpairedLink
from testbed.kernel_connection import KernelConnection, kernel_connection
from testbed.layout import FAR, FAR_CLIENT, HOST
from testbed.process import wait_for
from testbed.sluice import Sluice

SEED = 20261122
DELAY_MS = 10
SIZE = 1 << 20


@pytest.fixture(scope="module")
def sluice(testbed: Testbed, checked_program: Path) -> Iterator[Sluice]:
    yield testbed.start_sluice(checked_program, far=True)
    testbed.stop_sluice()


def sessions(sluice: Sluice, port: int) -> list[dict[str, Any]]:
    """`show sess` for the far host's connections from a port."""
    chosen = f"remote {FAR_CLIENT} remote-port {port}"
    rows: list[dict[str, Any]] = json.loads(sluice.ask(f"show sess {chosen} json"))["sessions"]
    return rows


def details(sluice: Sluice, port: int) -> dict[str, Any]:
    """All that `show sess` tells of such a connection."""
    (row,) = sessions(sluice, port)
    found: dict[str, Any] = json.loads(sluice.ask(f"show sess {row['id']} json"))
    return found


@contextmanager
def connected(testbed: Testbed, sluice: Sluice) -> Iterator[socket.socket]:
    """A connection of the far host, until Sluice has seen its end."""
    with testbed.far_client.connect(address=FAR, timeout=30) as connection:
        port = connection.getsockname()[1]
        yield connection
    wait_for(lambda: not sessions(sluice, port), "Sluice sees the end")


def reset_on_close(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def ask_for(connection: socket.socket, path: str) -> None:
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())


def receive(connection: socket.socket, size: int) -> int:
    """Reads a response to its end; `size` is its body's. Returns the bytes read."""
    received = bytearray()
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    whole = received.index(b"\r\n\r\n") + 4 + size
    while len(received) < whole:
        received += connection.recv(1 << 20)
    return len(received)


def settled(sluice: Sluice, port: int) -> dict[str, Any]:
    """The connection's figures when all it has sent is acknowledged."""
    wait_for(lambda: not details(sluice, port)["unacknowledged"], "all is acknowledged")
    return details(sluice, port)


def assert_same_bytes(ours: dict[str, Any], kernel: KernelConnection) -> None:
    assert ours["bytes_sent"] == ours["bytes_acknowledged"] == kernel.number("bytes_received")
    assert ours["bytes_received"] == kernel.number("bytes_sent")


def assert_nothing_in_flight(ours: dict[str, Any]) -> None:
    for name in ("in_flight", "pipe", "sacked", "lost", "retransmitted", "backoff"):
        assert ours[name] == 0, name
    assert ours["recovery"] == "open"


def test_both_ends_tell_the_same(
    testbed: Testbed, sluice: Sluice, impaired_link: ImpairedLink
) -> None:
    faults = f"delay={DELAY_MS}ms"
    with impaired_link.joined("left", "right", faults, faults, SEED):
        with connected(testbed, sluice) as connection:
            port = connection.getsockname()[1]
            size = 0
            # Several small ones, so that the kernel, too, measures round trips.
            for body in (1, 1, 1, 1, SIZE):
                ask_for(connection, testbed.payload(body))
                size += receive(connection, body)
            ours = settled(sluice, port)
            kernel = kernel_connection(testbed.layout.far, port)
    assert ours["state"] == "ESTABLISHED"
    assert ours["owner"] == "frontend www"
    assert ours["congestion"] == "cubic"
    assert ours["loss_detection"] == "rack-tlp"
    assert ours["bytes_sent"] == size
    assert_same_bytes(ours, kernel)
    assert_nothing_in_flight(ours)
    assert ours["retransmits"] == 0
    assert ours["mss"] == kernel.number("mss")
    shifts = (ours["receive_window_shift"], ours["send_window_shift"])
    assert shifts == kernel.window_shifts
    assert ours["receive_window"] == kernel.number("snd_wnd")
    assert ours["timestamps"] and "ts" in kernel.flags
    assert ours["sack"] and "sack" in kernel.flags
    assert 2 * DELAY_MS <= ours["min_rtt_ms"] <= ours["rtt_ms"] < ours["rto_ms"]
    assert ours["min_rtt_ms"] == pytest.approx(kernel.milliseconds("minrtt"), abs=DELAY_MS)
    assert ours["cwnd"] > 10 * ours["mss"], "slow start has gone on"


def test_losses_are_told_while_they_are_repaired(
    testbed: Testbed, sluice: Sluice, impaired_link: ImpairedLink
) -> None:
    path = testbed.payload(SIZE)
    moments = []
    data = f"delay={DELAY_MS}ms,loss=0.03"
    with ExitStack() as link:
        statistics = link.enter_context(
            impaired_link.joined("left", "right", f"delay={DELAY_MS}ms", data, SEED)
        )
        with testbed.far_client.connect(address=FAR, timeout=30) as connection:
            port = connection.getsockname()[1]
            ask_for(connection, path)
            left = SIZE
            while left > 0:
                left -= len(connection.recv(65536))
                moments.append(details(sluice, port))
            ours = settled(sluice, port)
            kernel = kernel_connection(testbed.layout.far, port)
            link.close()  # what the link loses of the connection's end is not in `ours`
            reset_on_close(connection)
    (row,) = sessions(sluice, port)
    assert "1 connection ended" in sluice.ask(f"shutdown session {row['id']}")
    assert_same_bytes(ours, kernel)
    assert_nothing_in_flight(ours)
    assert ours["retransmits"] >= statistics.to_left["lost"] > 0
    assert ours["ssthresh"] is not None
    holes = [moment for moment in moments if moment["sacked"] > 0]
    assert holes, "no moment had a hole in its flight"
    for moment in holes:
        assert moment["pipe"] + moment["sacked"] + moment["lost"] == moment["in_flight"]
        assert moment["in_flight"] <= moment["unacknowledged"]
    assert any(moment["recovery"] == "recovery" for moment in moments)
    assert any(moment["retransmitted"] > 0 for moment in moments)
