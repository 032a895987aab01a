"""Thousands of keep-alive connections held by one thread."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import time
from types import TracebackType

from testbed.client import Client
from testbed.layout import HOST, WAN
from testbed.process import TestbedError

_REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
# Connections that are being opened, or answered, at one time.
_WINDOW = 256


class IdleClients:
    """Connections from the client host that say nothing but when told to."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._connections: list[socket.socket] = []

    def __enter__(self) -> IdleClients:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for connection in self._connections:
            connection.close()

    def open(self, count: int, port: int = 80, timeout: float = 120) -> None:
        """Opens connections, some hundred at a time; with TLS on port 443."""
        deadline = time.monotonic() + timeout
        while (missing := count - len(self._connections)) > 0:
            with self._client.namespace.entered():
                batch = [_connecting(port) for _ in range(min(_WINDOW, missing))]
            _wait_connected(batch, deadline)
            if port == 443:
                # Batch by batch: Sluice does not wait for a handshake for long.
                batch = [self._client.tls(_blocking(plain)) for plain in batch]
            self._connections += batch

    def __len__(self) -> int:
        return len(self._connections)

    def closed(self) -> int:
        """How many the other side has closed, or sent something on unasked."""
        with selectors.DefaultSelector() as selector:
            for connection in self._connections:
                selector.register(connection, selectors.EVENT_READ)
            return len(selector.select(0))

    def ask_all(self, timeout: float = 120) -> int:
        """One request on every connection; returns how many were answered with 200."""
        deadline, answered = time.monotonic() + timeout, 0
        for first in range(0, len(self._connections), _WINDOW):
            batch = self._connections[first : first + _WINDOW]
            for connection in batch:
                connection.settimeout(10)
                connection.sendall(_REQUEST)
            answered += sum(_answered(connection) for connection in batch)
            if time.monotonic() > deadline:
                raise TestbedError(f"only {answered} answers after {timeout} s")
        return answered


def _connecting(port: int) -> socket.socket:
    connection = socket.socket()
    connection.setblocking(False)
    connection.connect_ex((WAN, port))
    return connection


def _wait_connected(batch: list[socket.socket], deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        for connection in batch:
            selector.register(connection, selectors.EVENT_WRITE)
        while selector.get_map():
            for key, _ in selector.select(1):
                selector.unregister(key.fileobj)
                assert isinstance(key.fileobj, socket.socket)
                if error := key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    raise TestbedError(f"a connection failed: error {error}")
            if time.monotonic() > deadline:
                raise TestbedError(f"{len(selector.get_map())} connections are not open in time")


def _blocking(connection: socket.socket) -> socket.socket:
    connection.settimeout(10)
    return connection


def _answered(connection: socket.socket | ssl.SSLSocket) -> bool:
    """Reads one response, which has a Content-Length and is short."""
    received = b""
    with contextlib.suppress(OSError):
        while piece := connection.recv(4096):
            received += piece
            head, separator, body = received.partition(b"\r\n\r\n")
            if separator and len(body) >= _content_length(head):
                return received.startswith(b"HTTP/1.1 200 ")
    return False


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.lower() == b"content-length":
            return int(value)
    return 0
