"""Hostile frames at the ports of a Sluice with sanitizers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.client import HTTP, HTTPS, Client
from testbed.frames import Enemy, mac_address
from testbed.layout import CLIENT, OTHER_HOST, WAN, WAN6, WEB1
from testbed.namespace import Namespace
from testbed.origins import page_of
from testbed.process import wait_for

SEED = 20261122


@pytest.mark.parametrize("side", ["wan", "farm"])
@pytest.mark.parametrize("worker_count", [1, 2], ids=["1-worker", "2-workers"])
def test_random_frames_and_mutated_segments_do_no_harm(
    testbed: Testbed,
    client: Client,
    checked_program: Path,
    long_form: bool,
    figure: Callable[[str], None],
    side: str,
    worker_count: int,
) -> None:
    # Nobody ends the connections that forged segments have opened.
    overlay = {"sluice": {"drain_timeout": "2s"}}
    sluice = testbed.start_sluice(checked_program, workers=worker_count, overlay=overlay)
    host = testbed.layout.client if side == "wan" else testbed.layout.farm[WEB1.name]
    port = "wan" if side == "wan" else WEB1.name
    target = mac_address(testbed.layout.edge, port)
    enemy = Enemy(host, "eth0", target, SEED)
    traffic = _Traffic(client)
    enemy.run(60 if long_form else 5)
    traffic.stop()
    figure(f"hostile frames at {port}, {worker_count} worker(s): {enemy.sent} sent")
    assert enemy.sent > 1000
    assert sluice.running, sluice.findings()
    _forget_neighbours(host)
    wait_for(lambda: client.curl(f"{HTTPS}/", timeout=5).status == 200, "it serves", 20)
    # A server's connections may have been broken by forged segments; it is used again.
    wait_for(
        lambda: page_of(WEB1.name) in (client.curl(f"{HTTP}/", timeout=5).text for _ in range(2)),
        f"{WEB1.name} is used",
        20,
    )
    testbed.stop_sluice()


class _Traffic:
    """Ordinary requests meanwhile: what the enemy copies. Their fate is not judged, for forged
    segments and neighbours may break them."""

    _WAYS = (
        (f"{HTTP}/", WAN),
        (f"{HTTPS}/", WAN6),
        (f"http://{OTHER_HOST}/", WAN),
        (f"{HTTP}/ipv6", WAN6),
        (f"{HTTPS}/special/sized?size=300000", WAN),
    )

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            for url, address in self._WAYS:
                self._client.curl(url, "--output", "/dev/null", address=address, timeout=2)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def _forget_neighbours(host: Namespace) -> None:
    """The kernel on our side may have learned wrong addresses from answers to forged frames."""
    host.run(["ip", "neighbour", "flush", "all"])


def test_forged_resets_and_segments_outside_the_window_change_nothing(
    testbed: Testbed, client: Client, checked_program: Path
) -> None:
    """A connection outlives a flood of segments that only guess at it."""
    sluice = testbed.start_sluice(checked_program)
    with client.connect() as connection:
        request = f"GET / HTTP/1.1\r\nHost: {CLIENT}\r\n\r\n".encode()
        connection.sendall(request)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        enemy = Enemy(
            testbed.layout.client, "eth0", mac_address(testbed.layout.edge, "wan"), SEED
        )
        enemy.flood_connection(connection.getsockname()[1], 3000)
        connection.sendall(request)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    assert sluice.running
    testbed.stop_sluice()
