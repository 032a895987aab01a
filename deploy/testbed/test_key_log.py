"""The file with the secrets of TLS connections: only when it is asked for."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.client import HTTPS, Client
from testbed.layout import CLIENT, HOST, WAN, WEB1
from testbed.load_tester import LoadTester
from testbed.pcapng import read_pcapng
from testbed.process import Process, TestbedError, wait_for
from testbed.sluice import Sluice

REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"


@pytest.fixture
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


def start(testbed: Testbed, program: Path, key_log: Path, workers: int) -> Sluice:
    overlay = {"sluice": {"tls.key_log": str(key_log)}}
    return testbed.start_sluice(program, workers=workers, overlay=overlay)


def secrets(file: Path) -> set[str]:
    lines = file.read_text().splitlines() if file.exists() else []
    return {line for line in lines if line and not line.startswith("#")}


def handshake(client: Client, version: str, key_log: Path) -> None:
    """openssl s_client, which logs the secrets on its own side."""
    words = ["openssl", "s_client", "-connect", f"{WAN}:443", "-servername", HOST, version]
    words += ["-ign_eof", "-keylogfile", str(key_log)]
    client.namespace.run(words, input_text=REQUEST, timeout=30)


def log_of(sluice: Sluice) -> str:
    assert sluice.process is not None
    return sluice.process.log_text()


@pytest.mark.parametrize("workers", [1, 2])
def test_secrets_are_those_of_the_clients(
    testbed: Testbed, client: Client, checked_program: Path, directory: Path, workers: int
) -> None:
    ours, theirs = directory / "sluice", directory / "client"
    sluice = start(testbed, checked_program, ours, workers)
    for _ in range(4):
        for version in ("-tls1_2", "-tls1_3"):
            handshake(client, version, theirs)
    assert len(secrets(theirs)) == 4 * (1 + 5)
    wait_for(lambda: secrets(ours) == secrets(theirs), "the secrets are written")
    assert stat.S_IMODE(ours.stat().st_mode) == 0o600
    assert f"secrets of every TLS connection are written to {ours}" in log_of(sluice)


def test_secrets_belong_to_captured_handshakes(
    testbed: Testbed, client: Client, checked_program: Path, directory: Path
) -> None:
    keys, file = directory / "keys", directory / "flow.pcapng"
    sluice = start(testbed, checked_program, keys, 1)
    words = [checked_program, "capture", file, "-s", sluice.settings.admin_socket]
    capture = Process("capture", [*words, "--remote", CLIENT, "--snaplen", "65535"], directory / "log")
    try:
        wait_for(file.exists, "the capture begins")
        assert client.curl(f"{HTTPS}/").status == 200
        wait_for(lambda: len(secrets(keys)) == 5, "the secrets are written")
    finally:
        capture.stop()
    (random,) = {line.split()[1] for line in secrets(keys)}
    hello = bytes.fromhex(random)
    frames = read_pcapng(file).frames
    assert [frame.incoming for frame in frames if hello in frame.data] == [True]
    for line in secrets(keys):
        secret = bytes.fromhex(line.split()[2])
        assert not any(secret in frame.data for frame in frames)


def test_without_the_key_there_is_no_file(
    testbed: Testbed, client: Client, checked_program: Path, directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Nor does the environment ask for one."""
    file = directory / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(file))
    sluice = testbed.start_sluice(checked_program)
    monkeypatch.delenv("SSLKEYLOGFILE")
    assert client.curl(f"{HTTPS}/").status == 200
    testbed.stop_sluice()
    assert not file.exists()
    assert "secrets" not in log_of(sluice)


def test_the_load_tester_writes_none(
    testbed: Testbed, checked_program: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    testbed.stop_sluice()
    file = directory / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(file))
    tester = LoadTester(checked_program, testbed.layout.edge, testbed.directory)
    load = tester.run(f"https://{WEB1.ipv4}/", "--mode", "handshake", "-c", 2, "--count", 10)
    assert load.code == 0, load.text
    assert load.results["tls"]["handshakes"] == 10
    assert not file.exists()


def test_a_file_that_others_may_read_is_refused(
    testbed: Testbed, checked_program: Path, directory: Path
) -> None:
    file = directory / "keys"
    file.touch()
    file.chmod(0o644)
    with pytest.raises(TestbedError, match="is open to others than its owner"):
        start(testbed, checked_program, file, 1)
    link = directory / "link"
    os.symlink(directory / "elsewhere", link)
    with pytest.raises(TestbedError, match="is a symbolic link"):
        start(testbed, checked_program, link, 1)
    assert not (directory / "elsewhere").exists()
