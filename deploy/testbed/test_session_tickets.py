"""Session tickets: Sluices with the same keys resume each other's sessions."""

from __future__ import annotations

import base64
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from testbed.bed import Testbed
from testbed.client import Client
from testbed.configuration import Settings
from testbed.layout import CLIENT, HOST
from testbed.sluice import Sluice

HERE = "198.18.0.10"
THERE = "198.18.0.11"
VERSIONS = ["-tls1_2", "-tls1_3"]
WITH_EACH_VERSION = pytest.mark.parametrize("version", VERSIONS)
REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"

Start = Callable[..., Sluice]


def new_key() -> str:
    return base64.b64encode(os.urandom(80)).decode()


def name_of(key: str) -> str:
    return base64.b64decode(key)[:16].hex()


@pytest.fixture
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tickets")


@pytest.fixture
def start(testbed: Testbed, checked_program: Path, directory: Path) -> Iterator[Start]:
    """Starts a Sluice at an address; several run side by side on the same link."""
    testbed.stop_sluice()
    with ExitStack() as ends:

        def start_one(address: str, **keys: Any) -> Sluice:
            settings = Settings(directory / f"sluice-{address}", testbed.certificates)
            settings.tables = tables(address, settings, keys)
            sluice = Sluice(checked_program, testbed.layout.edge, settings)
            sluice.start()
            ends.callback(sluice.stop)
            return sluice

        yield start_one


def tables(address: str, settings: Settings, keys: dict[str, Any]) -> dict[str, Any]:
    """Two frontends whose answer is 404: nothing is behind them."""
    secure = {
        "backend": "nobody",
        "tls.certificate": [str(path) for path in settings.certificates],
    }
    return {
        "sluice": {
            "workers": 2,
            "hugepages": False,
            "max_connections": 1024,
            "admin.socket": str(settings.admin_socket),
        }
        | {f"tls.{key}": value for key, value in keys.items()},
        "interface": [
            {"name": "wan", "ports": ["af_packet:wan,queues=1"], "address": f"{address}/24"}
        ],
        "frontend": [
            {"name": "www", "bind": f"{address}:443"} | secure,
            {"name": "admin", "bind": f"{address}:444"} | secure,
        ],
        "backend": [{"name": "nobody", "server": f"{CLIENT}:9"}],
    }


class Sessions:
    """The sessions of openssl s_client, each in a file."""

    def __init__(self, client: Client, directory: Path, version: str) -> None:
        self._client = client
        self._directory = directory
        self._version = version

    def full(self, address: str, name: str = "session") -> Path:
        """A session of a full handshake."""
        session = self._directory / f"{name}{self._version}"
        assert not _resumed(self._connect(address, 443, "-sess_out", str(session)))
        return session

    def resumes(self, address: str, session: Path, port: int = 443) -> bool:
        return _resumed(self._connect(address, port, "-sess_in", str(session)))

    def key_of(self, session: Path) -> str:
        """The name of the key that its ticket is sealed with."""
        words = ["openssl", "sess_id", "-noout", "-text", "-in", str(session)]
        return _key_name(self._client.namespace.run(words).stdout)

    def key_afterwards(self, address: str, session: Path) -> str:
        """That of the ticket that the client has after the session was resumed."""
        output = self._connect(address, 443, "-sess_in", str(session))
        assert _resumed(output)
        return _key_name(output)

    def _connect(self, address: str, port: int, *words: str) -> str:
        command = ["openssl", "s_client", "-connect", f"{address}:{port}", "-servername", HOST]
        command += ["-CAfile", str(self._client.authority.certificate), "-verify_return_error"]
        command += ["-ign_eof", self._version, *words]
        run = self._client.namespace.run(command, input_text=REQUEST, timeout=30, check=False)
        assert "HTTP/1.1 " in run.stdout, run.stdout + run.stderr
        return run.stdout


def _resumed(output: str) -> bool:
    return "\nReused, TLS" in output


def _key_name(output: str) -> str:
    """The first 16 bytes of the last ticket that is printed."""
    tickets = re.findall(r"session ticket:\n *0000 - ([0-9a-f -]{47})", output)
    assert tickets, output
    return re.sub("[^0-9a-f]", "", tickets[-1])


def key_file(directory: Path, *keys: str) -> str:
    path = directory / "tickets.keys"
    path.write_text("".join(f"{key}\n" for key in keys))
    path.chmod(0o600)
    return str(path)


def set_key(sluice: Sluice, key: str) -> None:
    assert "TLS ticket key updated!" in sluice.ask(f"set ssl tls-key #0 {key}")


@WITH_EACH_VERSION
def test_session_resumes_at_another_machine_with_the_same_keys(
    client: Client, start: Start, directory: Path, version: str
) -> None:
    first, second = new_key(), new_key()
    # On its way from one key to the other, each machine knows both.
    start(HERE, ticket_key_file=key_file(directory, first, second))
    there = start(THERE, ticket_key_file=key_file(directory, second, first))
    sessions = Sessions(client, directory, version)
    session = sessions.full(HERE)
    assert sessions.key_of(session) == name_of(first)
    assert sessions.resumes(THERE, session)
    assert there.counter("tls.handshakes_resumed") == 1
    assert not sessions.resumes(THERE, session, port=444), "another frontend"
    assert sessions.key_afterwards(THERE, session) == name_of(second)


@WITH_EACH_VERSION
def test_sessions_outlive_a_rotation_by_command(
    client: Client, start: Start, directory: Path, version: str
) -> None:
    keys = [new_key() for _ in range(3)]
    file = key_file(directory, keys[0])
    here, there = (start(address, ticket_key_file=file) for address in (HERE, THERE))
    sessions = Sessions(client, directory, version)
    old = sessions.full(HERE, "old")
    for key in keys[1:]:
        # One machine after the other: whatever one issues, the other accepts.
        set_key(here, key)
        between = sessions.full(HERE, "between")
        assert sessions.resumes(THERE, between)
        set_key(there, key)
    assert sessions.resumes(THERE, old)
    assert sessions.key_of(sessions.full(THERE, "new")) == name_of(keys[1])


# What follows waits for time to pass, with a session of each version.
Each = list[tuple[Sessions, Path]]


def sessions_of_each_version(client: Client, directory: Path, address: str) -> Each:
    each = [Sessions(client, directory, version) for version in VERSIONS]
    return [(sessions, sessions.full(address)) for sessions in each]


def test_ticket_of_a_key_that_is_too_old_means_a_full_handshake(
    client: Client, start: Start, directory: Path
) -> None:
    file = key_file(directory, new_key())
    start(HERE, ticket_key_file=file)
    brief = start(THERE, ticket_key_file=file, ticket_lifetime="4s")
    each = sessions_of_each_version(client, directory, HERE)
    for _ in range(2):
        set_key(brief, new_key())
    for sessions, session in each:
        assert sessions.resumes(THERE, session), session
    time.sleep(5)
    for sessions, session in each:
        # The client was told that it lives for long, so it still shows its ticket.
        assert not sessions.resumes(THERE, session), session
        assert sessions.resumes(HERE, session), session
    assert brief.counter("tls.handshakes_failed") == 0


def test_own_keys_are_replaced_as_time_passes(
    client: Client, start: Start, directory: Path
) -> None:
    sluice = start(HERE, ticket_rotation="2s", ticket_lifetime="8s")
    each = sessions_of_each_version(client, directory, HERE)
    first = [sessions.key_of(session) for sessions, session in each]
    time.sleep(2.5)
    for key, (sessions, session) in zip(first, each):
        assert sessions.key_afterwards(HERE, session) != key, session
    time.sleep(7)
    for key, (sessions, session) in zip(first, each):
        assert key not in sluice.ask("show tls-keys *")
        assert not sessions.resumes(HERE, session), session
    assert sluice.counter("tls.handshakes_failed") == 0
