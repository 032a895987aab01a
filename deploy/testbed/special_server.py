"""An HTTP/1.1 origin for what ordinary servers do not do on request: it breaks off, dawdles, sends
interim responses and trailers, hashes uploads. A thread for each connection. With a certificate it
speaks TLS, and with an authority it demands a certificate of clients.

    GET  /special/name                 the name of this server and the port of the connection
    ANY  /special/echo                 the request as it arrived, in JSON
    POST /special/sha256[?delay=S]     length, SHA-256 and framing of the body, in JSON
    POST /special/slow-sink?rate=N     the same, reading N bytes a second
    POST /special/early?status=N       answers before the body and closes
    POST /special/refuse               417 instead of 100-continue
    GET  /special/sized?size=N         Content-Length
    GET  /special/chunked?size=N&piece=N[&trailer=1]
    GET  /special/until-close?size=N[&cut=1]
                                       neither: the end of the connection is the end; by TLS, `cut`
                                       leaves out what tells it from an attacker's
    GET  /special/abort?size=N&after=N[&reset=1][&framing=chunked|sized]
    GET  /special/drip?size=N&rate=N   N bytes a second
    GET  /special/hints                103 and then 200
    GET  /special/status?code=N        a response of that status without a body
    GET  /special/raw?text=...         exactly these bytes, then the end of the connection
    GET  /special/silent[?seconds=N]   no answer
    GET  /special/count                connections and requests so far, in JSON
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import socket
import socketserver
import ssl
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from testbed.payload import pieces

_LINE_LIMIT = 64 * 1024


class Closed(Exception):
    """The connection is over; nothing more is to be said on it."""


@dataclass
class Request:
    """A request head and the way to its body."""

    method: str
    target: str
    version: str
    fields: list[tuple[str, str]]

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def field(self, name: str) -> str:
        return ", ".join(value for key, value in self.fields if key.lower() == name)

    def number(self, name: str, default: int = 0) -> int:
        return int(self.query.get(name, default))

    @property
    def chunked(self) -> bool:
        return self.field("transfer-encoding").lower() == "chunked"

    @property
    def expects_continue(self) -> bool:
        return self.field("expect").lower() == "100-continue"


class Handler(socketserver.StreamRequestHandler):
    """One connection."""

    server: Server
    disable_nagle_algorithm = True
    # Whether the connection ends without TLS's own end.
    cut = False

    def handle(self) -> None:
        self.server.connections += 1
        try:
            if isinstance(self.request, ssl.SSLSocket):
                self.request.do_handshake()
            while request := self._read_head():
                self.server.requests += 1
                self._answer(request)
                if request.field("connection").lower() == "close":
                    break
        except (Closed, ConnectionError, TimeoutError, ssl.SSLError):
            pass
        if not self.cut:
            self._end_tls()

    def _end_tls(self) -> None:
        """close_notify; nobody waits for the other side's."""
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(0)
            with contextlib.suppress(OSError):
                self.request.unwrap()

    # Reading

    def _line(self) -> str:
        line = self.rfile.readline(_LINE_LIMIT)
        if not line.endswith(b"\n"):
            raise Closed
        return line.decode("latin-1").rstrip("\r\n")

    def _read_head(self) -> Request | None:
        first = self.rfile.readline(_LINE_LIMIT)
        if not first.endswith(b"\n"):
            return None
        method, target, version = first.decode("latin-1").split()
        fields = []
        while line := self._line():
            key, _, value = line.partition(":")
            fields.append((key, value.strip()))
        return Request(method, target, version, fields)

    def _body(self, request: Request) -> Iterator[bytes]:
        if request.chunked:
            yield from self._chunks()
            return
        left = int(request.field("content-length") or 0)
        while left > 0:
            piece = self.rfile.read1(min(left, 1 << 18))  # type: ignore[attr-defined]
            if not piece:
                raise Closed
            left -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._line().partition(";")[0], 16):
            piece = self.rfile.read(size)
            if len(piece) != size or self._line() != "":
                raise Closed
            yield piece
        while self._line():
            pass

    # Writing

    def _send(self, data: bytes | memoryview) -> None:
        self.wfile.write(data)

    def _head(self, status: str, *fields: str) -> None:
        self._send("\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode("latin-1"))

    def _whole(self, status: str, content_type: str, text: str, *fields: str) -> None:
        body = text.encode()
        self._head(
            status, f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *fields
        )
        self._send(body)

    def _json(self, value: object) -> None:
        self._whole("200 OK", "application/json", json.dumps(value) + "\n")

    # Answering

    def _answer(self, request: Request) -> None:
        name = request.path.removeprefix("/special/").replace("-", "_")
        method = getattr(self, f"_do_{name}", None)
        if method is None:
            for _ in self._body(request):
                pass
            self._whole("404 Not Found", "text/plain", f"{request.path} is nothing special\n")
            return
        method(request)

    def _do_name(self, request: Request) -> None:
        self._whole("200 OK", "text/plain", f"{self.server.name} {self.client_address[1]}\n")

    def _do_count(self, request: Request) -> None:
        self._json({"connections": self.server.connections, "requests": self.server.requests})

    def _do_echo(self, request: Request) -> None:
        if request.expects_continue:
            self._head("100 Continue")
        length = sum(len(piece) for piece in self._body(request))
        self._json(
            {
                "method": request.method,
                "target": request.target,
                "version": request.version,
                "fields": request.fields,
                "body_length": length,
                "peer": list(self.client_address[:2]),
            }
        )

    def _digest(self, request: Request, rate: int = 0) -> None:
        if request.expects_continue:
            self._head("100 Continue")
        digest, length, start = hashlib.sha256(), 0, time.monotonic()
        for piece in self._body(request):
            digest.update(piece)
            length += len(piece)
            if rate:
                time.sleep(max(0.0, start + length / rate - time.monotonic()))
        framing = "chunked" if request.chunked else "sized"
        self._json({"length": length, "sha256": digest.hexdigest(), "framing": framing})

    def _do_sha256(self, request: Request) -> None:
        time.sleep(float(request.query.get("delay", 0)))
        self._digest(request)

    def _do_slow_sink(self, request: Request) -> None:
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        self._digest(request, rate=request.number("rate", 65536))

    def _do_early(self, request: Request) -> None:
        status = request.number("status", 413)
        self._whole(f"{status} Early", "text/plain", "before the body\n", "Connection: close")
        # Read on for a moment: closing over unread bytes resets, which may overtake the answer.
        self.request.shutdown(socket.SHUT_WR)
        self.request.settimeout(2)
        while self.request.recv(1 << 16):
            pass
        raise Closed

    def _do_refuse(self, request: Request) -> None:
        self._whole("417 Expectation Failed", "text/plain", "no\n", "Connection: close")
        raise Closed

    def _do_sized(self, request: Request) -> None:
        size = request.number("size")
        self._head("200 OK", f"Content-Length: {size}", "Content-Type: application/octet-stream")
        if request.method != "HEAD":
            for piece in pieces(size):
                self._send(piece)

    def _chunk(self, piece: bytes | memoryview) -> None:
        self._send(b"%x\r\n" % len(piece) + bytes(piece) + b"\r\n")

    def _do_chunked(self, request: Request) -> None:
        trailer = request.number("trailer")
        announced = ["Trailer: X-Checksum"] if trailer else []
        self._head("200 OK", "Transfer-Encoding: chunked", *announced)
        for piece in pieces(request.number("size"), request.number("piece", 65536)):
            self._chunk(piece)
        self._send(b"0\r\nX-Checksum: 42\r\n\r\n" if trailer else b"0\r\n\r\n")

    def _do_until_close(self, request: Request) -> None:
        self._head("200 OK", "Content-Type: application/octet-stream", "Connection: close")
        for piece in pieces(request.number("size")):
            self._send(piece)
        self.cut = bool(request.number("cut"))
        raise Closed

    def _do_abort(self, request: Request) -> None:
        size, after = request.number("size"), request.number("after")
        chunked = request.query.get("framing") == "chunked"
        self._head("200 OK", "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}")
        for piece in pieces(after, 16384):
            self._chunk(piece) if chunked else self._send(piece)
        if request.number("reset"):
            linger = struct.pack("ii", 1, 0)
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise Closed

    def _do_drip(self, request: Request) -> None:
        size, rate = request.number("size"), request.number("rate", 1000)
        self._head("200 OK", f"Content-Length: {size}")
        for piece in pieces(size, max(1, rate // 10)):
            self._send(piece)
            time.sleep(0.1)

    def _do_hints(self, request: Request) -> None:
        self._head("103 Early Hints", "Link: </style.css>; rel=preload")
        self._whole("200 OK", "text/plain", "after the hints\n")

    def _do_status(self, request: Request) -> None:
        code = request.number("code", 200)
        bodiless = code == 304 or code == 204
        self._head(f"{code} Status", *([] if bodiless else ["Content-Length: 0"]))

    def _do_raw(self, request: Request) -> None:
        self._send(request.query.get("text", "").encode("latin-1"))
        raise Closed

    def _do_silent(self, request: Request) -> None:
        time.sleep(request.number("seconds", 60))
        raise Closed


class Server(socketserver.ThreadingTCPServer):
    """Listens on both kinds of address."""

    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 4096

    def __init__(self, name: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.name = name
        self.tls = tls
        self.connections = 0
        self.requests = 0
        super().__init__(("::", port), Handler)

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        if self.tls is None:
            return connection, address
        # The handshake is for the connection's own thread.
        secure = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return secure, address

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        """Closes without shutdown(): SO_LINGER of zero has to send a reset."""
        self.close_request(request)


def tls_context(certificate: Path, authority: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority)
    return context


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--authority", type=Path)
    options = parser.parse_args()
    tls = tls_context(options.certificate, options.authority) if options.certificate else None
    with Server(options.name, options.port, tls) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
