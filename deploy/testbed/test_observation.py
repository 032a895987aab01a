"""What an operator sees of connections and packets while Sluice runs."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from testbed.client import HTTP, HTTPS, Client
from testbed.layout import CLIENT, HOST, WAN, WEB1, WEB2
from testbed.pcapng import Capture, read_pcapng
from testbed.process import run, wait_for
from testbed.sluice import Sluice


def sessions(sluice: Sluice, arguments: str = "") -> list[dict[str, Any]]:
    """`show sess`: the connections."""
    rows: list[dict[str, Any]] = json.loads(sluice.ask(f"show sess {arguments} json"))["sessions"]
    return rows


def established(sluice: Sluice, arguments: str, least: int) -> list[dict[str, Any]]:
    """The client's connections when there are so many: the last ACKs of handshakes, which the
    client does not wait for, may be on their way."""
    chosen = f"remote {CLIENT} state established {arguments}"
    wait_for(lambda: len(sessions(sluice, chosen)) >= least, f"{least} connections are open")
    return sessions(sluice, chosen)


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
        assert len(established(sluice, "", 20)) >= 20
        answer = json.loads(sluice.ask(f"show sess remote {CLIENT} limit 5 json"))
        assert len(answer["sessions"]) == 5
        assert answer["more"]
    finally:
        for connection in held:
            connection.close()


def test_shutdown_session_resets_one_connection(client: Client, sluice: Sluice) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    with client.connect(timeout=10) as ended, client.connect(timeout=10) as other:
        (row,) = established(sluice, f"remote-port {ended.getsockname()[1]}", 1)
        assert sluice.ask(f"shutdown session {row['id']}") == "1 connection ended\n\n"
        with pytest.raises(ConnectionResetError):
            ended.recv(1)
        assert "no such connection" in sluice.ask(f"shutdown session {row['id']}")
        other.sendall(request)
        assert other.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_shutdown_sessions_of_a_server_ends_those_with_it_alone(
    client: Client, sluice: Sluice
) -> None:
    for _ in range(4):  # both servers keep a connection
        assert client.curl(f"{HTTP}/").status == 200
    kept = {row["owner"] for row in sessions(sluice) if row["owner"].startswith("server farm/")}
    assert kept == {"server farm/web1", "server farm/web2"}
    assert "ended" in sluice.ask("shutdown sessions server farm/web1")
    left = {row["owner"] for row in sessions(sluice) if row["owner"].startswith("server farm/")}
    assert left == {"server farm/web2"}
    assert "No such server." in sluice.ask("shutdown sessions server farm/web9")
    assert client.curl(f"{HTTP}/").status == 200


@contextmanager
def capturing(
    sluice: Sluice, checked_program: Path, file: Path, *options: str
) -> Iterator[subprocess.Popen[str]]:
    """`sluice capture`, from when the file has begun; ended at the latest at the end."""
    words = ["capture", str(file), "-s", str(sluice.settings.admin_socket), *options]
    process = subprocess.Popen([checked_program, *words], stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 20
        while not (file.exists() and file.stat().st_size > 0) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert file.exists() and file.stat().st_size > 0
        time.sleep(0.1)  # every worker has begun
        yield process
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("capture") / "flow.pcapng"


def tcpdump(file: Path, *options: str) -> str:
    """What tcpdump, which knows nothing of Sluice, reads in a file."""
    return run(["tcpdump", "-n", *options, "-r", file]).stdout


def ended(process: subprocess.Popen[str], file: Path) -> Capture:
    """What the file holds when the capture has ended by itself."""
    message = process.communicate(timeout=30)[1]
    assert process.returncode == 0, message
    capture = read_pcapng(file)
    assert f"{len(capture.frames)} frames captured" in message
    assert tcpdump(file, "--count").split()[0] == str(len(capture.frames))
    return capture


def test_capture_has_both_directions_of_only_the_chosen_flow(
    client: Client, sluice: Sluice, checked_program: Path, file: Path
) -> None:
    start = time.time_ns()
    options = ("--remote", CLIENT, "--local-port", "80", "--duration", "3s")
    with capturing(sluice, checked_program, file, *options) as process:
        assert client.curl(f"{HTTP}/").status == 200
        capture = ended(process, file)
    assert capture.lost == 0
    flows = set()
    for frame in capture.frames:
        near, far = frame.destination, frame.source
        if not frame.incoming:
            near, far = far, near
        assert near == (WAN, 80)
        assert far is not None and far[0] == CLIENT
        assert frame.comment.endswith("frontend www")
        assert len(frame.data) == min(frame.length, 256)
        assert start <= frame.nanoseconds <= time.time_ns()
        flows.add(far)
    assert len(flows) == 1, "one request, one connection; nothing to the farm"
    assert {frame.incoming for frame in capture.frames} == {True, False}
    text = b"".join(frame.data for frame in capture.frames)
    assert b"GET / HTTP/1.1" in text
    assert b"HTTP/1.1 200" in text
    times = [frame.nanoseconds for frame in capture.frames]
    assert times == sorted(times)


def test_captured_frames_are_whole_for_another_program(
    client: Client, sluice: Sluice, checked_program: Path, file: Path
) -> None:
    """tcpdump computes every checksum anew."""
    options = ("--remote", CLIENT, "--duration", "2s", "--snaplen", "65535")
    with capturing(sluice, checked_program, file, *options) as process:
        assert client.curl(f"{HTTPS}/").status == 200
        capture = ended(process, file)
    assert all(len(frame.data) == frame.length for frame in capture.frames)
    segments = [line for line in tcpdump(file, "-vv").splitlines() if " cksum " in line]
    assert len(segments) == len(capture.frames)
    assert all("(correct)" in line for line in segments)
    assert "bad cksum" not in tcpdump(file, "-vv")
    times = [float(line.split()[0]) for line in tcpdump(file, "-tt").splitlines()]
    assert [round(frame.nanoseconds / 1e9, 6) for frame in capture.frames] == pytest.approx(
        times, abs=2e-6
    )


def test_capture_of_servers_ends_after_a_count(
    client: Client, sluice: Sluice, checked_program: Path, file: Path
) -> None:
    options = ("--remote", "198.18.1.0/24", "--count", "3", "--direction", "out", "--snaplen", "54")
    with capturing(sluice, checked_program, file, *options) as process:
        for _ in range(4):
            assert client.curl(f"{HTTP}/").status == 200
        capture = ended(process, file)
    assert len(capture.frames) == 3
    for frame in capture.frames:
        assert not frame.incoming
        assert len(frame.data) <= 54
        assert frame.destination in ((WEB1.ipv4, 80), (WEB2.ipv4, 80))


def test_an_interrupted_capture_is_whole_and_the_next_one_may_begin(
    client: Client, sluice: Sluice, checked_program: Path, file: Path
) -> None:
    with capturing(sluice, checked_program, file) as process:
        assert client.curl(f"{HTTP}/").status == 200
        other = file.with_name("other.pcapng")
        second = subprocess.run(
            [checked_program, "capture", other, "-s", sluice.settings.admin_socket],
            capture_output=True, text=True, timeout=20, check=False,
        )
        assert second.returncode == 1
        assert "another capture is under way" in second.stderr
        assert not other.exists()
        assert client.curl(f"{HTTP}/").status == 200
        process.terminate()
        capture = ended(process, file)
        assert capture.lost == 0
        assert b"".join(frame.data for frame in capture.frames).count(b"HTTP/1.1 200") >= 4
    time.sleep(0.1)
    with capturing(sluice, checked_program, other, "--duration", "100ms") as process:
        ended(process, other)


@pytest.mark.parametrize("option", [("--remote", "elsewhere"), ("--port", "af_packet:none")])
def test_a_refused_capture_leaves_no_file(
    sluice: Sluice, checked_program: Path, file: Path, option: tuple[str, str]
) -> None:
    words = ["capture", str(file), "-s", str(sluice.settings.admin_socket), *option]
    done = subprocess.run([checked_program, *words], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert done.stderr
    assert not file.exists()
