"""What frontends do beside forwarding requests: tunnels, TCP mode, answers of their own, who may
connect, changes of header fields."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets

from testbed import payload
from testbed.bed import Testbed
from testbed.client import Client, read_to_end
from testbed.layout import CLIENT, CLIENT6, HOST, ORIGIN_HOST, WAN, WAN6, WEB1, WEB2
from testbed.origins import NGINX_PORT, NGINX_TLS_PORT, page_of, wait_for_port
from testbed.process import Process, wait_for
from testbed.sluice import Sluice

ECHO_PORT = 9000
TCP_PORT = 7000
SECURE_TCP_PORT = 7001
REDIRECTING_PORT = 8081
GUARDED_PORT = 8082
EDITING_PORT = 8083
REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
PAGES = {page_of(WEB1.name).encode(), page_of(WEB2.name).encode()}


@pytest.fixture(scope="module")
def echo_server(testbed: Testbed) -> Iterator[Process]:
    namespace = testbed.layout.farm[WEB1.name]
    process = namespace.start(
        "WebSocket echo",
        [sys.executable, "-m", "testbed.websocket_echo", "--port", ECHO_PORT],
        testbed.directory / "websocket-echo.log",
        {"PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    wait_for_port(namespace, WEB1.ipv4, ECHO_PORT, process)
    yield process
    process.stop()


def servers(*ports: int) -> list[dict[str, Any]]:
    return [
        {"name": f"{host.name}-{port}", "address": f"{host.ipv4}:{port}"}
        for port in ports
        for host in (WEB1, WEB2)
    ]


def frontends(testbed: Testbed) -> list[dict[str, Any]]:
    return [
        {"name": "tcp", "bind": f"{WAN}:{TCP_PORT}", "mode": "tcp", "backend": "tcp"},
        {
            "name": "tcp-tls",
            "bind": f"{WAN}:{SECURE_TCP_PORT}",
            "mode": "tcp",
            "backend": "tcp-tls",
            "tls.certificate": [str(path) for path in testbed.certificates],
        },
        {
            "name": "redirecting",
            "bind": f"{WAN}:{REDIRECTING_PORT}",
            "redirect": "https",
            "route": [
                {"path": "/health", "respond": {"status": 200, "body": "fine"}},
                {"path": "/private", "respond": 403},
                {"path": "/served", "backend": "special"},
            ],
        },
        {
            "name": "guarded",
            "bind": [f"{WAN}:{GUARDED_PORT}", f"[{WAN6}]:{GUARDED_PORT}"],
            "backend": "farm",
            # The client by IPv4, and of IPv6 everybody.
            "allow": ["198.18.0.0/24", "2001:db8::/32"],
            "deny": ["198.18.0.0/16", CLIENT6],
            "limit.connections": 3,
        },
        {
            "name": "editing",
            "bind": f"{WAN}:{EDITING_PORT}",
            "backend": "special",
            "request.set": {"X-Client": "{client}", "Host": "inner.test"},
            "request.remove": ["User-Agent"],
            "response.set": {"Server": "{frontend}"},
        },
    ]


def backends(testbed: Testbed) -> list[dict[str, Any]]:
    tls = {
        "enabled": True,
        "authorities": str(testbed.authority.certificate),
        "server_name": ORIGIN_HOST,
    }
    return [
        {"name": "echo", "server": [{"name": "echo", "address": f"{WEB1.ipv4}:{ECHO_PORT}"}]},
        {"name": "tcp", "server": servers(NGINX_PORT)},
        {"name": "tcp-tls", "server": servers(NGINX_TLS_PORT), "tls": tls},
    ]


@pytest.fixture(scope="module")
def sluice(testbed: Testbed, checked_program: Path, echo_server: Process) -> Iterator[Sluice]:
    yield testbed.start_sluice(
        checked_program, workers=2, frontends=frontends(testbed), backends=backends(testbed)
    )
    testbed.stop_sluice()


@pytest.fixture
def client(testbed: Testbed, sluice: Sluice) -> Iterator[Client]:
    yield testbed.client
    assert sluice.running, sluice.findings()


async def talk(connection: socket.socket, messages: list[bytes], secure: Any, gap: float) -> None:
    connection.setblocking(False)
    uri = f"{'wss' if secure else 'ws'}://echo.sluice.test/any"
    async with websockets.connect(
        uri, sock=connection, ssl=secure, server_hostname=HOST if secure else None, max_size=None
    ) as stream:
        for message in messages:
            await stream.send(message)
            assert await asyncio.wait_for(stream.recv(), 20) == message
            await asyncio.sleep(gap)


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
def test_websockets_carry_messages_of_any_size(client: Client, secure: bool) -> None:
    context = None
    if secure:
        context = client.tls_context()
    messages = [b"", b"short", b"".join(payload.pieces(3_000_000)), b"x" * 65535, b"last"]
    asyncio.run(talk(client.connect(443 if secure else 80), messages, context, 0))


def test_websockets_lose_nothing_across_reloads(
    client: Client, sluice: Sluice, testbed: Testbed
) -> None:
    name = str(testbed.certificates[0])
    text = sluice.config.read_text()

    def reload(seconds: int) -> None:
        sluice.config.write_text(
            text.replace('timeout.request = "3s"', f'timeout.request = "{seconds}s"')
        )
        assert sluice.ask("reload").startswith("reloaded ")
        sluice.ask(f"set ssl cert {name}; commit ssl cert {name}")

    async def both() -> None:
        messages = [f"message {i}".encode() for i in range(50)]
        conversation = asyncio.create_task(talk(client.connect(), messages, None, 0.02))
        for seconds in (4, 5, 6, 7, 3):
            await asyncio.sleep(0.1)
            await asyncio.to_thread(reload, seconds)
        await conversation

    asyncio.run(both())
    assert sluice.stat_of("echo", "echo")["scur"] == "0"


def test_a_websocket_counts_as_a_session_of_its_server(client: Client, sluice: Sluice) -> None:
    async def look() -> dict[str, str]:
        connection = client.connect()
        connection.setblocking(False)
        async with websockets.connect("ws://echo.sluice.test/", sock=connection) as stream:
            await stream.send(b"x")
            await stream.recv()
            return await asyncio.to_thread(sluice.stat_of, "echo", "echo")

    row = asyncio.run(look())
    assert (row["scur"], row["mode"]) == ("1", "http")
    assert int(row["hrsp_1xx"]) > 0


def test_tcp_mode_passes_on_what_comes(client: Client, sluice: Sluice) -> None:
    pages = set()
    for _ in range(8):
        with client.connect(TCP_PORT) as connection:
            connection.sendall(REQUEST)
            pages.add(read_to_end(connection).rpartition(b"\r\n\r\n")[2])
    assert pages == PAGES
    row = sluice.stat_of("tcp", "FRONTEND")
    assert (row["mode"], row["req_tot"]) == ("tcp", "")
    assert int(row["stot"]) >= 8
    assert sum(int(sluice.stat_of("tcp", f"{name}-80")["stot"]) for name in ("web1", "web2")) >= 8


def test_tcp_mode_keeps_the_other_direction_of_a_half_closed_connection(client: Client) -> None:
    with client.connect(TCP_PORT) as connection:
        connection.sendall(REQUEST)
        connection.shutdown(socket.SHUT_WR)
        assert read_to_end(connection).rpartition(b"\r\n\r\n")[2] in PAGES


def test_tcp_mode_holds_a_sender_back(client: Client, sluice: Sluice, testbed: Testbed) -> None:
    """The client does not read: the server's bytes stay with the server."""
    path = testbed.payload(30_000_000)
    before = sluice.buffers_in_use()
    with client.connect(TCP_PORT, receive_buffer=4096) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        time.sleep(1)
        assert sluice.buffers_in_use() - before < 6000  # of the 20,000 that 30 MB would take
        connection.settimeout(60)
        assert len(read_to_end(connection, 1 << 26)) > 30_000_000


def test_tcp_mode_with_tls_on_both_sides(client: Client, sluice: Sluice) -> None:
    for _ in range(3):
        with client.tls(client.connect(SECURE_TCP_PORT)) as connection:
            assert connection.selected_alpn_protocol() is None
            connection.sendall(REQUEST)
            assert read_to_end(connection).rpartition(b"\r\n\r\n")[2] in PAGES
    assert int(sluice.stat_of("tcp-tls", "BACKEND")["ssl_sess"]) >= 3


def test_tcp_mode_leaves_nothing_behind(client: Client, sluice: Sluice) -> None:
    wait_for(lambda: sluice.stat_of("tcp", "FRONTEND")["scur"] == "0", "sessions end")
    wait_for(lambda: sluice.stat_of("tcp-tls", "BACKEND")["scur"] == "0", "sessions end")


def test_redirect_leads_to_the_same_by_https(client: Client) -> None:
    """curl goes where it is sent, and finds the page there."""
    host = ("-H", f"Host: {HOST}:{REDIRECTING_PORT}")
    url = f"http://{WAN}:{REDIRECTING_PORT}"
    response = client.curl(f"{url}/a?b", *host)
    assert (response.status, response.field("location")) == (301, f"https://{HOST}/a?b")
    response = client.curl(f"{url}/", *host, "--data", "x")
    assert (response.status, response.field("location")) == (308, f"https://{HOST}/")
    followed = client.curl(f"{url}/", *host, "--location")
    assert followed.status == 200
    assert followed.text.encode() in PAGES


def test_fixed_responses_need_no_server(client: Client, sluice: Sluice) -> None:
    url = f"http://{WAN}:{REDIRECTING_PORT}"
    before = int(sluice.stat_of("redirecting", "FRONTEND")["stot"])
    assert client.curl(f"{url}/health", f"{url}/health").text == "finefine"
    assert int(sluice.stat_of("redirecting", "FRONTEND")["stot"]) == before + 1
    assert client.curl(f"{url}/private").status == 403
    assert client.curl(f"{url}/served/special/name").status == 404  # the server's own
    assert int(sluice.stat_of("redirecting", "FRONTEND")["intercepted"]) >= 3


def is_reset(client: Client, address: str = WAN) -> bool:
    """At once, or when something is sent or awaited: the reset follows the handshake."""
    try:
        with client.connect(GUARDED_PORT, address=address) as connection:
            connection.sendall(REQUEST)
            connection.recv(1)
    except ConnectionResetError:
        return True
    return False


def test_who_is_denied_is_reset(client: Client, sluice: Sluice) -> None:
    assert not is_reset(client)
    assert is_reset(client, WAN6)
    assert sluice.stat_of("guarded", "FRONTEND")["dcon"] == "1"


def test_who_is_too_many_is_reset(client: Client, sluice: Sluice) -> None:
    wait_for(lambda: sluice.stat_of("guarded", "FRONTEND")["scur"] == "0", "sessions end")
    idle = [client.connect(GUARDED_PORT) for _ in range(3)]
    wait_for(lambda: sluice.stat_of("guarded", "FRONTEND")["scur"] == "3", "three sessions")
    assert is_reset(client)
    row = sluice.stat_of("guarded", "FRONTEND")
    assert (row["slim"], row["dses"]) == ("3", "1")
    for connection in idle:
        connection.close()
    wait_for(lambda: not is_reset(client), "there is room again")


def test_header_fields_are_changed(client: Client) -> None:
    url = f"http://{WAN}:{EDITING_PORT}/special/echo"
    response = client.curl(url, "-H", "X-Client: forged")
    fields = [(name.lower(), value) for name, value in json.loads(response.body)["fields"]]
    assert [value for name, value in fields if name == "x-client"] == [CLIENT]
    assert [value for name, value in fields if name == "host"] == ["inner.test"]
    assert "user-agent" not in dict(fields)
    assert response.field("server") == "editing"
