"""The access log, read by what reads HAProxy's and by a JSON parser; renamed and filled up while
requests go on."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import websockets

from testbed.bed import Testbed
from testbed.client import HTTP, HTTPS, Client, read_to_end
from testbed.haproxy import HaproxyEdge
from testbed.layout import CLIENT, HOST, WAN, WEB1
from testbed.origins import NGINX_PORT, wait_for_port
from testbed.process import Process, run, wait_for
from testbed.sluice import Sluice
from testbed.steady_clients import SteadyClients

ECHO_PORT = 9000
TCP_PORT = 7000
SILENT_PORT = 8090

_HTTP_LINE = re.compile(
    r"\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ edge\[\d+\]: "
    r"(?P<client>\S+):\d+ \[(?P<time>[^]]+)\] (?P<frontend>\S+) (?P<backend>[^/ ]+)/(?P<server>\S+) "
    r"(?P<timers>[-\d]+(?:/[-\d]+){4}) (?P<status>-?\d+) (?P<bytes>\d+) - - (?P<cause>..--) "
    r"(?P<counts>\d+/\d+/\d+/\d+/\+?\d+) (?P<queues>\d+/\d+) (?:\{(?P<captured>[^}]*)\} )?"
    r'"(?P<request>.*)"$'
)
_TCP_LINE = re.compile(
    r"\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ edge\[\d+\]: "
    r"(?P<client>\S+):\d+ \[(?P<time>[^]]+)\] (?P<frontend>\S+) (?P<backend>[^/ ]+)/(?P<server>\S+) "
    r"(?P<timers>[-\d]+(?:/[-\d]+){2}) (?P<bytes>\d+) (?P<cause>..) "
    r"(?P<counts>\d+/\d+/\d+/\d+/\+?\d+) (?P<queues>\d+/\d+)$"
)


@dataclass
class Log:
    """The file, from where it stood last."""

    path: Path
    seen: int = 0

    def lines(self, count: int = 1) -> list[str]:
        """The next lines, when there are so many."""

        def complete() -> list[str]:
            return [line for line in self._text()[self.seen :].splitlines(True) if line[-1] == "\n"]

        wait_for(lambda: len(complete()) >= count, f"{count} lines in {self.path}")
        found = complete()
        self.seen += sum(map(len, found))
        assert len(found) == count, found
        return [line.rstrip("\n") for line in found]

    def http(self) -> dict[str, str]:
        """The fields of the next line, a request's."""
        (line,) = self.lines()
        match = _HTTP_LINE.match(line)
        assert match, line
        return match.groupdict()

    def tcp(self) -> dict[str, str]:
        (line,) = self.lines()
        match = _TCP_LINE.match(line)
        assert match, line
        return match.groupdict()

    def _text(self) -> str:
        return self.path.read_text() if self.path.exists() else ""


def access_log(path: Path | str, **keys: Any) -> dict[str, Any]:
    return {"to": str(path), "tag": "edge", "capture": ["User-Agent"], **keys}


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


@pytest.fixture(scope="module")
def sluice(testbed: Testbed, checked_program: Path, echo_server: Process) -> Iterator[Sluice]:
    echo = [{"name": "echo", "address": f"{WEB1.ipv4}:{ECHO_PORT}"}]
    web = [{"name": "web1", "address": f"{WEB1.ipv4}:{NGINX_PORT}"}]
    yield testbed.start_sluice(
        checked_program,
        workers=2,
        frontends=[
            {"name": "tcp", "bind": f"{WAN}:{TCP_PORT}", "mode": "tcp", "backend": "tcp"},
            {
                "name": "silent",
                "bind": f"{WAN}:{SILENT_PORT}",
                "backend": "farm",
                "access_log": False,
            },
        ],
        backends=[{"name": "echo", "server": echo}, {"name": "tcp", "server": web}],
        access_log=access_log(testbed.directory / "access.log"),
    )
    testbed.stop_sluice()


@pytest.fixture
def log(testbed: Testbed, sluice: Sluice) -> Iterator[Log]:
    """At its end as it is now; every line a test causes it must take."""
    path = testbed.directory / "access.log"
    log = Log(path, len(path.read_text()))
    yield log
    time.sleep(0.05)
    assert len(path.read_text()) == log.seen, path.read_text()[log.seen :]
    assert sluice.running, sluice.findings()


def halog(log: Path, *options: str) -> list[str]:
    done = run(["halog", *options], input_text=log.read_text())
    return done.stdout.splitlines()


def test_a_request(client: Client, log: Log) -> None:
    response = client.curl(f"{HTTP}/?a=b", "-A", 'a "b"|{c}')
    assert response.status == 200
    line = log.http()
    assert line["client"] == CLIENT
    assert (line["frontend"], line["backend"]) == ("www", "farm")
    assert line["server"] in {"web1", "web2"}
    timers = [int(text) for text in line["timers"].split("/")]
    assert all(timer >= 0 for timer in timers)
    assert timers[4] >= max(timers[:4])
    assert line["status"] == "200"
    assert int(line["bytes"]) == len(response.heads) + len(response.body)
    assert line["cause"] == "----"
    assert line["counts"] == "1/1/1/1/0"
    assert line["captured"] == "a #22b#22#7C#7Bc#7D"
    assert line["request"] == "GET /?a=b HTTP/1.1"


def test_a_request_by_tls(client: Client, log: Log) -> None:
    assert client.curl(f"{HTTPS}/").status == 200
    assert log.http()["frontend"] == "www-tls~"


def test_errors_of_our_own_and_of_servers(client: Client, log: Log) -> None:
    assert client.curl("http://www.sluice.test:8080/").status == 404
    line = log.http()
    assert (line["cause"], line["status"], line["backend"]) == ("PR--", "404", "routed")
    assert line["server"] == "<NOSRV>"
    assert line["timers"].startswith("0/-1/-1/-1/")
    assert client.curl(f"{HTTP}/absent").status == 503
    line = log.http()
    assert (line["cause"], line["status"], line["server"]) == ("SC--", "503", "absent")
    assert re.match(r"\d+/\d+/-1/-1/", line["timers"])
    assert client.curl(f"{HTTP}/special/silent").status == 504
    line = log.http()
    assert (line["cause"], line["status"]) == ("sH--", "504")
    assert int(line["timers"].split("/")[4]) >= 2900
    assert client.curl(f"{HTTP}/special/raw?text=", "-X", "POST").status == 502
    assert log.http()["cause"] == "SH--"
    with client.connect() as connection:
        connection.sendall(b"NONSENSE\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    line = log.http()
    assert (line["cause"], line["status"], line["request"]) == ("PR--", "400", "<BADREQ>")


def test_a_server_that_breaks_off(client: Client, log: Log) -> None:
    client.curl(f"{HTTP}/special/abort?size=100000&after=5000")
    line = log.http()
    assert (line["cause"], line["status"]) == ("SD--", "200")


def leave(connection: socket.socket) -> None:
    """With a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_clients_that_leave(client: Client, log: Log) -> None:
    head = f"Host: {HOST}\r\n"
    for request, status, cause in (
        ("GET / HT", "-1", "CR--"),
        (f"GET /special/silent HTTP/1.1\r\n{head}\r\n", "-1", "CH--"),
        (f"POST /special/sha256 HTTP/1.1\r\n{head}Content-Length: 9\r\n\r\nx", "-1", "CD--"),
        (f"GET /special/drip?size=9000&rate=10 HTTP/1.1\r\n{head}\r\n", "200", "CD--"),
    ):
        connection = client.connect()
        connection.sendall(request.encode())
        time.sleep(0.3)
        leave(connection)
        line = log.http()
        assert (line["status"], line["cause"]) == (status, cause), request


def test_tcp_sessions(client: Client, log: Log) -> None:
    with client.connect(TCP_PORT) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        received = read_to_end(connection)
    line = log.tcp()
    assert (line["frontend"], line["backend"], line["server"]) == ("tcp", "tcp", "web1")
    assert int(line["bytes"]) == len(received)
    assert line["cause"] == "--"


def test_a_websocket(client: Client, log: Log) -> None:
    async def talk() -> None:
        connection = client.connect()
        connection.setblocking(False)
        async with websockets.connect("ws://echo.sluice.test/chat", sock=connection) as stream:
            await stream.send(os.urandom(1000))  # nothing to compress
            assert len(await stream.recv()) == 1000
            await asyncio.sleep(0.5)

    asyncio.run(talk())
    line = log.http()
    assert (line["status"], line["backend"]) == ("101", "echo")
    assert line["request"] == "GET /chat HTTP/1.1"
    assert int(line["bytes"]) > 1000
    assert int(line["timers"].split("/")[4]) >= 500


def test_a_frontend_may_be_left_out(client: Client, log: Log) -> None:
    with client.connect(SILENT_PORT) as connection:
        connection.sendall(f"GET / HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())
        assert connection.recv(100)


def test_halog_reads_what_the_tests_before_have_left(testbed: Testbed, sluice: Sluice) -> None:
    """It counts every line of HTTP, and finds the statuses and causes in them."""
    path = testbed.directory / "access.log"
    parsed = [match for line in path.read_text().splitlines() if (match := _HTTP_LINE.match(line))]
    assert len(parsed) > 10
    only_http = testbed.directory / "access-http.log"
    only_http.write_text("".join(match.group(0) + "\n" for match in parsed))
    for option, field in (("-st", "status"), ("-tc", "cause")):
        wanted: dict[str, int] = {}
        for match in parsed:
            key = match[field][:2] if field == "cause" else match[field]
            wanted[key] = wanted.get(key, 0) + 1
        found: dict[str, int] = {}
        for line in halog(only_http, option, "-q"):
            key, count = line.split()[:2]
            key = key[:2] if field == "cause" else key
            found[key] = found.get(key, 0) + int(count)
        assert found == wanted, option


def test_what_was_written_is_counted(testbed: Testbed, sluice: Sluice) -> None:
    assert sluice.counter("http.access_log_drops") == 0


@contextmanager
def other_sluice(
    testbed: Testbed, program: Path, log: dict[str, Any], **settings: Any
) -> Iterator[Sluice]:
    yield testbed.start_sluice(program, workers=2, access_log=log, **settings)
    testbed.stop_sluice()


def test_json_lines(testbed: Testbed, checked_program: Path) -> None:
    path = testbed.directory / "access.json"
    with other_sluice(testbed, checked_program, access_log(path, format="json")):
        request = f"GET /?q HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nUser-Agent: "
        with testbed.client.tls(testbed.client.connect(443)) as connection:
            connection.sendall(request.encode() + b"\xff\xc3\xbc\r\n\r\n")
            assert read_to_end(connection).startswith(b"HTTP/1.1 200 ")
        assert testbed.client.curl(f"{HTTP}/absent").status == 503
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert (first["frontend"], first["status"], first["termination"]) == ("www-tls", 200, "--")
    assert first["tls"]["version"] == "TLSv1.3"
    assert first["tls"]["sni"] == HOST
    assert first["host"] == HOST
    assert first["headers"] == {"User-Agent": "\xffü"}
    assert set(first["times_ms"]) == {"head", "queue", "connect", "response", "total"}
    assert (second["termination"], second["server"]) == ("SC", "absent")
    assert set(second["times_ms"]) == {"head", "queue", "total"}


@pytest.mark.parametrize("host, shown", [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_a_syslog_server_elsewhere_gets_datagrams(
    testbed: Testbed, checked_program: Path, host: str, shown: str
) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    edge = testbed.layout.edge
    before = edge.sysctl("net.ipv6.conf.lo.disable_ipv6", "0")  # for ::1
    with edge.socket(family, socket.SOCK_DGRAM) as server:
        server.bind((host, 0))
        server.settimeout(10)
        to = f"syslog:{shown}:{server.getsockname()[1]}"
        with other_sluice(testbed, checked_program, access_log(to)) as sluice:
            for path in ("/", "/absent"):
                testbed.client.curl(f"{HTTP}{path}")
                line = server.recv(4096).decode()
                assert re.match(r"<134>\w{3} [ \d]\d \d\d:\d\d:\d\d edge\[\d+\]: 198\.", line)
                assert f'"GET {path} HTTP/1.1"' in line
            assert sluice.counter("http.access_log_drops") == 0
    edge.sysctl("net.ipv6.conf.lo.disable_ipv6", before)


def test_syslog_gets_datagrams(testbed: Testbed, checked_program: Path) -> None:
    path = testbed.directory / "log.socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        server.settimeout(10)
        with other_sluice(testbed, checked_program, access_log(f"syslog:{path}")):
            assert testbed.client.curl(f"{HTTP}/").status == 200
            line = server.recv(4096).decode()
    assert re.match(r"<134>\w{3} [ \d]\d \d\d:\d\d:\d\d edge\[\d+\]: 198\.", line), line


def test_renaming_under_load_loses_no_line(testbed: Testbed, checked_program: Path) -> None:
    """As logrotate does it, with SIGUSR1 and with the command."""
    path = testbed.directory / "rotated.log"
    with other_sluice(testbed, checked_program, access_log(path)) as sluice:
        clients = SteadyClients(testbed.layout.client, WAN, 80, 150)

        async def rotate() -> None:
            load = asyncio.create_task(asyncio.to_thread(clients.run, 4))
            for number in range(6):
                await asyncio.sleep(0.5)
                path.rename(f"{path}.{number}")
                if number % 2 == 0:
                    assert sluice.process is not None
                    sluice.process.send(signal.SIGUSR1)
                else:
                    assert sluice.ask("reopen logs").startswith("the access log")
                await asyncio.to_thread(wait_for, path.exists, "the file is made anew")
            await load

        asyncio.run(rotate())
        assert all(outcome.good for outcome in clients.outcomes)
        assert sluice.counter("http.access_log_drops") == 0
    files = sorted(testbed.directory.glob("rotated.log*"))
    assert len(files) == 7
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert len(lines) == len(clients.outcomes)
    assert all(_HTTP_LINE.match(line) for line in lines)


@pytest.fixture
def small_disk(testbed: Testbed) -> Iterator[Path]:
    path = testbed.directory / "small-disk"
    path.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path])
    yield path
    run(["umount", path])


def test_a_full_disk_costs_lines_and_nothing_else(
    testbed: Testbed, checked_program: Path, small_disk: Path
) -> None:
    path = small_disk / "access.log"
    client = testbed.client
    with other_sluice(testbed, checked_program, access_log(path)) as sluice:
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"x" * 56 * 1024)
        clients = SteadyClients(testbed.layout.client, WAN, 80, 100)
        clients.run(2)
        assert all(outcome.good for outcome in clients.outcomes)
        assert sluice.process is not None
        wait_for(lambda: "lines are lost" in sluice.process.log_text(), "the log tells of it")
        ballast.unlink()
        assert client.curl(f"{HTTP}/again").status == 404
        wait_for(lambda: "is written again" in sluice.process.log_text(), "and of its end")
    lines = path.read_text().splitlines()
    assert 10 < len(lines) < 200
    assert all(_HTTP_LINE.match(line) for line in lines), "no line is torn"
    assert '"GET /again HTTP/1.1"' in lines[-1]


def test_a_pipe_that_nobody_reads_costs_no_request(
    testbed: Testbed, checked_program: Path
) -> None:
    path = testbed.directory / "pipe"
    subprocess.run(["mkfifo", path], check=True)
    with other_sluice(testbed, checked_program, access_log(path, buffer="64KiB")) as sluice:
        clients = SteadyClients(testbed.layout.client, WAN, 80, 200)
        clients.run(8)
        assert all(outcome.good for outcome in clients.outcomes)
        assert sluice.counter("http.access_log_drops") > 0


HAPROXY = f"""
defaults
  mode http
  log stdout format raw local0 info
  option httplog
  timeout client 10s
  timeout connect 1s
  timeout server 10s
frontend www
  bind {WAN}:80
  capture request header User-Agent len 255
  use_backend absent if {{ path_beg /absent }}
  default_backend farm
backend farm
  server web {WEB1.ipv4}:{NGINX_PORT}
backend absent
  retries 0
  server absent {WEB1.ipv4}:9

"""


def shapes(client: Client, read: Callable[[], list[str]]) -> list[str]:
    """Lines for the same requests, with N for every number."""

    def wait_for_lines(count: int) -> None:
        wait_for(lambda: len(read()) >= count, f"{count} lines")

    assert client.curl(f"{HTTP}/?a=b%22", "-A", 'x"y|z{}#é').status == 200
    wait_for_lines(1)
    assert client.curl(f"{HTTP}/absent").status == 503
    wait_for_lines(2)
    with client.connect() as connection:
        connection.sendall(b"NONSENSE\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    wait_for_lines(3)
    connection = client.connect()
    connection.sendall(b"GET / HT")
    time.sleep(0.3)
    leave(connection)
    wait_for_lines(4)
    return [re.sub(r"\d+", "N", re.sub(r"\w{3}/20", "20", line)) for line in read()]


def test_lines_are_like_haproxys(testbed: Testbed, checked_program: Path) -> None:
    path = testbed.directory / "like-haproxy.log"
    with other_sluice(
        testbed, checked_program, access_log(path), overlay={"backend": {"retries": 0}}
    ):
        ours = shapes(
            testbed.client,
            lambda: [line.partition("]: ")[2] for line in path.read_text().splitlines()],
        )
    with HaproxyEdge(testbed.layout.edge, testbed.directory, HAPROXY):
        log = testbed.directory / "haproxy" / "log"
        theirs = shapes(
            testbed.client,
            lambda: [line for line in log.read_text().splitlines() if line.startswith(CLIENT)],
        )
    # The names of servers end in a number here, and HAProxy calls a cut head a response of 400.
    assert [line.replace("webN", "web") for line in ours][:3] == theirs[:3]
    assert ours[3].replace(" -N N ", " N N ") == theirs[3]
