"""What the client host does: curl, and sockets for what curl does not do."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed.certificates import Authority
from testbed.layout import FAR_HOST, HOST, OTHER_HOST, WAN
from testbed.namespace import Namespace
from testbed.process import TestbedError

HTTP = f"http://{HOST}"
HTTPS = f"https://{HOST}"
# Of the host behind the impaired link, through Sluice.
FAR_HTTP = f"http://{FAR_HOST}"


@dataclass(frozen=True)
class Response:
    """What curl got. `exit_code` 0: all went well for curl; else see curl(1)."""

    exit_code: int
    status: int
    heads: str
    body: bytes
    seconds: float
    error: str

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def field(self, name: str) -> str | None:
        """A field of the final response's head."""
        last = self.heads.strip().split("\r\n\r\n")[-1]
        for line in last.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None


@dataclass(frozen=True)
class Transfer:
    """A body that was only hashed, never held."""

    exit_code: int
    length: int
    sha256: str
    seconds: float


@dataclass(frozen=True)
class WrkResult:
    """What wrk counted."""

    requests: int
    socket_errors: int
    bad_statuses: int
    text: str


class Client:
    """The client host."""

    def __init__(self, namespace: Namespace, authority: Authority) -> None:
        self.namespace = namespace
        self.authority = authority

    def _curl(self, words: Sequence[object], address: str, timeout: float) -> list[str]:
        hosts = (HOST, OTHER_HOST, FAR_HOST)
        resolved = [f"{host}:{port}:{address}" for host in hosts for port in (80, 443, 8080)]
        options = [word for entry in resolved for word in ("--resolve", entry)]
        return self.namespace.command(
            ["curl", "--silent", "--show-error", "--globoff", "--path-as-is", *options]
            + ["--cacert", str(self.authority.certificate), "--max-time", str(timeout), *(str(word) for word in words)]
        )

    def curl(self, *words: object, address: str = WAN, timeout: float = 30) -> Response:
        """Runs curl; the names of the testbed lead to `address`."""
        with tempfile.NamedTemporaryFile("r", newline="", encoding="latin-1") as heads:
            extra = ["--dump-header", heads.name]
            extra += ["--write-out", "%{stderr}\n%{http_code} %{time_total}"]
            done = subprocess.run(
                self._curl([*words, *extra], address, timeout),
                capture_output=True,
                timeout=timeout + 10,
            )
            errors, _, figures = done.stderr.decode(errors="replace").rpartition("\n")
            status, _, seconds = figures.partition(" ")
            return Response(
                done.returncode, int(status), heads.read(), done.stdout, float(seconds), errors.strip()
            )

    def download(self, url: str, *words: str, address: str = WAN, timeout: float = 300) -> Transfer:
        """Downloads with curl and hashes what comes. A transfer that stalls for 20 s has failed: a
        Sluice that has died sends nothing, not even a reset."""
        digest, length = hashlib.sha256(), 0
        extra = ["--write-out", "%{stderr}%{time_total}", "--speed-limit", "1", "--speed-time", "20"]
        command = self._curl([url, *words, *extra], address, timeout)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as curl:
            assert curl.stdout is not None and curl.stderr is not None
            while piece := curl.stdout.read(1 << 20):
                digest.update(piece)
                length += len(piece)
            errors = curl.stderr.read().decode(errors="replace")
            exit_code = curl.wait()
        seconds = float(errors.rpartition("\n")[2] if exit_code == 0 else 0)
        return Transfer(exit_code, length, digest.hexdigest(), seconds)

    def connect(
        self, port: int = 80, *, address: str = WAN, timeout: float = 10, receive_buffer: int = 0
    ) -> socket.socket:
        """A TCP connection to Sluice; a receive buffer makes it a reader of small windows."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = self.namespace.socket(family)
        connection.settimeout(timeout)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.connect((address, port))
        return connection

    def tls(self, connection: socket.socket, host: str = HOST) -> ssl.SSLSocket:
        """TLS over a connection, with the server's certificate checked."""
        return self.tls_context().wrap_socket(connection, server_hostname=host)

    def tls_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        context.set_alpn_protocols(["http/1.1"])
        return context

    def wrk(
        self, url: str, seconds: int, connections: int, *fields: str, address: str = WAN
    ) -> WrkResult:
        """Loads Sluice from one thread. wrk has no way to resolve names: the URL's host is the
        address and the name goes into the Host field."""
        located = url.replace(HOST, address).replace(OTHER_HOST, address)
        host = OTHER_HOST if OTHER_HOST in url else HOST
        options = [word for field in (f"Host: {host}", *fields) for word in ("-H", field)]
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
        done = self.namespace.run([*command, *options, located], timeout=seconds + 60)
        return parse_wrk(done.stdout)


def parse_wrk(text: str) -> WrkResult:
    total = re.search(r"(\d+) requests in", text)
    if total is None:
        raise TestbedError(f"wrk printed no result:\n{text}")
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return WrkResult(
        requests=int(total[1]),
        socket_errors=sum(map(int, errors.groups())) if errors else 0,
        bad_statuses=int(bad[1]) if bad else 0,
        text=text,
    )


def read_responses(connection: socket.socket, count: int) -> list[tuple[int, bytes]]:
    """Reads `count` responses that have a Content-Length; returns status and body of each."""
    responses = []
    with connection.makefile("rb") as stream:
        for _ in range(count):
            status_line = stream.readline()
            if not status_line:
                break
            length = 0
            while (line := stream.readline().strip()) != b"":
                key, _, value = line.partition(b":")
                if key.lower() == b"content-length":
                    length = int(value)
            responses.append((int(status_line.split()[1]), stream.read(length)))
    return responses


def read_to_end(connection: socket.socket, limit: int = 1 << 24) -> bytes:
    """What the other side sends until it closes; a reset counts as the end."""
    received = bytearray()
    try:
        while len(received) < limit and (piece := connection.recv(65536)):
            received += piece
    except ConnectionError:
        pass
    return bytes(received)
