"""Large bodies, and sides of different speed."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed import payload
from testbed.bed import Testbed
from testbed.client import HTTP, HTTPS, Client
from testbed.layout import HOST
from testbed.sluice import Sluice

MIB = 1 << 20
GIB = 1 << 30
# What may wait in packet buffers while one slow peer holds a large body up.
HELD = 4 * MIB
# What the process may grow by meanwhile.
GROWTH = 4 * MIB
BUFFER = 2400


@pytest.fixture
def large(long_form: bool) -> int:
    """Bytes of a large transfer."""
    return GIB if long_form else GIB // 4


class PeakMemory:
    """Watches what a Sluice holds while something runs: packet buffers, which it has set aside at
    its start, and what the process has grown by."""

    def __init__(self, sluice: Sluice) -> None:
        self._sluice = sluice
        self._start = self._measure()
        self._peak = self._start
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def stop(self) -> None:
        """What follows is not watched."""
        self._stop.set()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            held, resident = self._measure()
            self._peak = (max(self._peak[0], held), max(self._peak[1], resident))

    def _measure(self) -> tuple[int, int]:
        return (self._sluice.buffers_in_use() * BUFFER, self._sluice.resident_bytes())

    @property
    def held(self) -> int:
        """Bytes in packet buffers beyond those of the start, the largest seen."""
        return self._peak[0] - self._start[0]

    @property
    def growth(self) -> int:
        """Bytes the process has grown by, the largest seen."""
        return self._peak[1] - self._start[1]


@pytest.fixture(scope="module")
def shared_sluice(testbed: Testbed, checked_program: Path, workers: int) -> Iterator[Sluice]:
    """One whose process grows by what it holds, not by what a sanitizer keeps of the freed."""
    yield testbed.start_sluice(checked_program, workers=workers, lean=True)
    testbed.stop_sluice()


@pytest.fixture
def warm(client: Client, sluice: Sluice) -> Sluice:
    """A Sluice whose pools and allocator have seen traffic: what grows then is held data. Every
    worker has: its first handshake takes memory for all that follow."""
    client.download(f"{HTTPS}/special/sized?size={64 * MIB}")
    for _ in range(10):
        client.download(f"{HTTPS}/special/sized?size={MIB}")
    return sluice


def test_a_large_download_through_tls(
    testbed: Testbed,
    client: Client,
    sluice: Sluice,
    figure: Callable[[str], None],
    workers: int,
    large: int,
) -> None:
    path = testbed.payload(large)
    transfer = client.download(f"{HTTPS}{path}", timeout=600)
    assert (transfer.exit_code, transfer.length) == (0, large)
    assert transfer.sha256 == payload.sha256(large)
    what = f"{large // MIB} MiB download, TLS, {workers} worker(s), with sanitizers"
    figure(f"{what}: {transfer.seconds:.1f} s")


def test_a_large_upload_through_tls(
    testbed: Testbed,
    client: Client,
    sluice: Sluice,
    figure: Callable[[str], None],
    workers: int,
    large: int,
) -> None:
    path = testbed.files / testbed.payload(large).rpartition("/")[2]
    response = client.curl(f"{HTTPS}/special/sha256", "-X", "POST", "-T", path, timeout=600)
    assert response.exit_code == 0, response.error
    answer = json.loads(response.body)
    assert (answer["length"], answer["sha256"]) == (large, payload.sha256(large))
    what = f"{large // MIB} MiB upload, TLS, {workers} worker(s), with sanitizers"
    figure(f"{what}: {response.seconds:.1f} s")


@pytest.mark.parametrize("port", [80, 443], ids=["http", "https"])
def test_slow_reader_holds_no_memory(client: Client, warm: Sluice, port: int) -> None:
    """A client reads 64 MiB at a trickle, then at full speed: the server is held up meanwhile."""
    size = 64 * MIB
    with PeakMemory(warm) as memory:
        connection = client.connect(port, timeout=60, receive_buffer=16 * 1024)
        if port == 443:
            connection = client.tls(connection)
        with connection:
            connection.sendall(
                f"GET /special/sized?size={size} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
            )
            stream = connection.makefile("rb")
            while stream.readline().strip():
                pass
            digest, length = hashlib.sha256(), 0
            slow_until = time.monotonic() + 4
            for piece in _slowly_at_first(stream, size, seconds=4):
                if time.monotonic() > slow_until:
                    memory.stop()
                digest.update(piece)
                length += len(piece)
    assert (length, digest.hexdigest()) == (size, payload.sha256(size))
    assert memory.held < HELD
    assert memory.growth < GROWTH


def _slowly_at_first(stream: object, size: int, seconds: float) -> Iterator[bytes]:
    deadline = time.monotonic() + seconds
    read = stream.read1  # type: ignore[attr-defined]
    while size > 0:
        slow = time.monotonic() < deadline
        piece = read(min(size, 4096 if slow else MIB))
        if not piece:
            return
        size -= len(piece)
        yield piece
        if slow:
            time.sleep(0.02)


def test_slow_server_holds_no_memory(testbed: Testbed, client: Client, warm: Sluice) -> None:
    """A server reads an upload at 2 MiB/s: the client is held up, Sluice holds little."""
    size = 16 * MIB
    path = testbed.files / testbed.payload(size).rpartition("/")[2]
    with PeakMemory(warm) as memory:
        response = client.curl(
            f"{HTTPS}/special/slow-sink?rate={2 * MIB}", "-X", "POST", "-T", path, timeout=60
        )
    assert json.loads(response.body)["sha256"] == payload.sha256(size)
    assert memory.held < HELD
    assert memory.growth < GROWTH


def test_slow_writer_is_waited_for(client: Client, sluice: Sluice) -> None:
    """A client sends its body byte by byte."""
    with client.connect(timeout=30) as connection:
        connection.sendall(
            f"POST /special/sha256 HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 40\r\n\r\n".encode()
        )
        for _ in range(40):
            connection.sendall(b"x")
            time.sleep(0.1)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200")
    assert hashlib.sha256(b"x" * 40).hexdigest().encode() in answer


def test_dripping_server_is_waited_for(client: Client, sluice: Sluice) -> None:
    transfer = client.download(f"{HTTPS}/special/drip?size=4000&rate=1000")
    assert (transfer.exit_code, transfer.sha256) == (0, payload.sha256(4000))


def test_many_slow_readers_hold_no_memory(client: Client, warm: Sluice) -> None:
    """100 clients ask for 16 MiB each and read nothing; others are served meanwhile."""
    with PeakMemory(warm) as memory:
        stalled = [client.connect(receive_buffer=8192) for _ in range(100)]
        for connection in stalled:
            connection.sendall(
                f"GET /special/sized?size={16 * MIB} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
            )
        time.sleep(2)
        assert client.curl(f"{HTTPS}/").status == 200
        for connection in stalled:
            connection.close()
    assert memory.held < 50 * MIB
    assert memory.growth < GROWTH


def test_every_worker_carries_connections(client: Client, sluice: Sluice, workers: int) -> None:
    """With more connections than workers, none of the workers is left without."""
    held = [client.connect() for _ in range(32)]
    try:
        rows = sluice.workers()
        assert len(rows) == workers
        assert sum(row["connections"] for row in rows) >= 32
        assert all(row["connections"] > 0 for row in rows)
    finally:
        for connection in held:
            connection.close()
