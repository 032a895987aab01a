"""What an operator sees of connections and packets while Sluice runs."""

from __future__ import annotations

import json
import time
from typing import Any

from testbed.client import Client
from testbed.layout import CLIENT, HOST, WAN
from testbed.sluice import Sluice


def sessions(sluice: Sluice, arguments: str = "") -> list[dict[str, Any]]:
    """`show sess`: the connections."""
    rows: list[dict[str, Any]] = json.loads(sluice.ask(f"show sess {arguments} json"))["sessions"]
    return rows


def test_show_sess_lists_a_connection_as_its_client_knows_it(
    client: Client, sluice: Sluice
) -> None:
    with client.connect(timeout=30) as connection:
        port = connection.getsockname()[1]
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert connection.recv(65536)
        (row,) = sessions(sluice, f"remote {CLIENT} remote-port {port}")
        assert row["remote"] == f"{CLIENT}:{port}"
        assert row["local"] == f"{WAN}:80"
        assert row["owner"] == "frontend www"
        assert row["state"] == "ESTABLISHED"
        assert not sessions(sluice, f"remote {CLIENT} remote-port {port} state CLOSE-WAIT")
        details = json.loads(sluice.ask(f"show sess {row['id']} json"))
        assert details["remote"] == row["remote"]
        assert details["rtt_ms"] > 0
        assert details["cwnd"] >= details["mss"] > 500
        assert details["send_window"] > 0
        assert details["timestamps"]
    deadline = time.monotonic() + 5
    while sessions(sluice, f"remote-port {port} remote {CLIENT}") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not sessions(sluice, f"remote-port {port} remote {CLIENT}")
    assert "no such connection" in sluice.ask(f"show sess {row['id']}")


def test_show_sess_is_bounded(client: Client, sluice: Sluice) -> None:
    held = [client.connect(timeout=30) for _ in range(20)]
    try:
        answer = json.loads(sluice.ask(f"show sess remote {CLIENT} limit 5 json"))
        assert len(answer["sessions"]) == 5
        assert answer["more"]
        assert len(sessions(sluice, f"remote {CLIENT} state established")) >= 20
    finally:
        for connection in held:
            connection.close()
