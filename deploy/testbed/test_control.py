"""The program as an operator uses it."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.client import HTTP, Client
from testbed.configuration import Settings, configuration, to_toml
from testbed.layout import HOST
from testbed.process import run


def test_a_stop_does_not_wait_for_clients_that_rest(
    testbed: Testbed, client: Client, checked_program: Path
) -> None:
    """Theirs to close: a connection that Sluice has ended, and whose client has everything."""
    testbed.start_sluice(checked_program)
    resting = [client.connect() for _ in range(4)]
    begun = time.monotonic()
    testbed.stop_sluice()
    assert time.monotonic() - begun < 10
    for connection in resting:
        assert connection.recv(1) == b""
        connection.close()


def written(testbed: Testbed, directory: Path, text: str = "") -> Path:
    """A configuration file as the testbed's, with more text at its end."""
    path = directory / "sluice.toml"
    path.write_text(to_toml(configuration(Settings(directory, testbed.certificates))) + text)
    return path


@pytest.fixture
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config")


def test_check_accepts_the_testbeds_configuration(
    testbed: Testbed, checked_program: Path, directory: Path
) -> None:
    run([checked_program, "check", written(testbed, directory)])


def test_check_names_line_and_column_and_suggests(
    testbed: Testbed, checked_program: Path, directory: Path
) -> None:
    path = written(testbed, directory, '[[backend]]\nname = "x"\nservr = ["198.18.1.1:80"]\n')
    line = path.read_text().splitlines().index('servr = ["198.18.1.1:80"]') + 1
    done = run([checked_program, "check", path], check=False)
    output = done.stdout + done.stderr
    assert done.returncode not in (0, None)
    assert f"{path}:{line}:1: " in output
    assert "server" in output


def test_run_refuses_a_wrong_certificate_before_it_touches_a_device(
    testbed: Testbed, checked_program: Path, directory: Path
) -> None:
    wrong = directory / "wrong.pem"
    www, shop = (path.read_text() for path in testbed.certificates)
    key, _, certificate = www.partition("-----BEGIN CERTIFICATE-----")
    wrong.write_text(shop.partition("-----BEGIN CERTIFICATE-----")[0] + "-----BEGIN CERTIFICATE-----" + certificate)
    path = directory / "sluice.toml"
    path.write_text(to_toml(configuration(Settings(directory, [wrong]))))
    for command in ("check", "run"):
        words = [checked_program, command, *(["-c"] if command == "run" else []), path]
        done = run(words, check=False, timeout=20)
        assert done.returncode not in (0, None)
        assert str(wrong) in done.stdout + done.stderr


def test_term_lets_a_response_end_and_takes_no_more(
    testbed: Testbed, client: Client, checked_program: Path
) -> None:
    sluice = testbed.start_sluice(checked_program)
    assert sluice.process is not None
    with client.connect(timeout=30) as connection:
        connection.sendall(
            f"GET /special/drip?size=3000&rate=1000 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        )
        received = connection.recv(65536)
        sluice.process.send(signal.SIGTERM)
        time.sleep(0.5)
        refused = client.curl(f"{HTTP}/", timeout=2)
        while piece := connection.recv(65536):
            received += piece
    assert refused.status == 0
    assert len(received.partition(b"\r\n\r\n")[2]) == 3000
    assert sluice.process.wait(10) == 0
    assert not sluice.findings()


def test_second_term_ends_at_once(
    testbed: Testbed, client: Client, checked_program: Path
) -> None:
    sluice = testbed.start_sluice(checked_program)
    assert sluice.process is not None
    with client.connect(timeout=30) as connection:
        connection.sendall(
            f"GET /special/drip?size=30000&rate=1000 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        )
        connection.recv(65536)
        sluice.process.send(signal.SIGTERM)
        time.sleep(0.5)
        sluice.process.send(signal.SIGTERM)
        sluice.process.wait(5)
    assert not sluice.findings()


def test_term_without_traffic_ends_at_once(testbed: Testbed, checked_program: Path) -> None:
    sluice = testbed.start_sluice(checked_program)
    start = time.monotonic()
    sluice.stop()
    assert time.monotonic() - start < 10


def test_admin_socket_speaks_haproxys_csv(testbed: Testbed, checked_program: Path) -> None:
    sluice = testbed.start_sluice(checked_program)
    assert sluice.ask("show stat").startswith("# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout")
    names = {(row["pxname"], row["svname"]) for row in sluice.stat()}
    assert {("www", "FRONTEND"), ("farm", "BACKEND"), ("farm", "web1"), ("farm", "web2")} <= names
    assert sluice.info()["Pid"] == str(sluice.pid)
    assert sluice.ask("no such command").strip()
    testbed.stop_sluice()
