"""A core dump has what is needed to find a fault, and no keys."""

from __future__ import annotations

import base64
import os
import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.client import HTTPS, Client
from testbed.layout import HOST, WAN
from testbed.process import run
from testbed.sluice import Sluice

TICKET_KEY = os.urandom(80)


@pytest.fixture
def directory(testbed: Testbed) -> Path:
    path = testbed.directory / "core-dump"
    path.mkdir(exist_ok=True)
    return path


def private_numbers(pem: Path) -> dict[str, bytes]:
    """The secret numbers of the RSA or EC key in a file, as bytes, most significant first."""
    text = run(["openssl", "pkey", "-in", pem, "-noout", "-text"]).stdout
    secret = ("priv", "privateExponent", "prime1", "prime2", "exponent1", "exponent2")
    numbers = {}
    for name, digits in re.findall(r"^(\w+):\n((?:    +[0-9a-f:]+\n)+)", text, re.M):
        if name in secret:
            numbers[name] = bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0")
    assert numbers
    return numbers


def key_line(pem: Path) -> bytes:
    """A line from the middle of the key's text."""
    lines = pem.read_text().partition("-----END")[0].splitlines()
    return lines[len(lines) // 2].encode()


def forms_of(number: bytes) -> Iterator[bytes]:
    """As files have it, and as OpenSSL's arithmetic does: a number in words, least first."""
    yield number
    yield number[::-1]


def ticket_file(directory: Path) -> Path:
    path = directory / "tickets.keys"
    path.write_text(base64.b64encode(TICKET_KEY).decode() + "\n")
    path.chmod(0o600)
    return path


def traffic_secrets(log: Path) -> list[bytes]:
    lines = [line.split() for line in log.read_text().splitlines()]
    return [bytes.fromhex(words[2]) for words in lines if words[0].endswith("TRAFFIC_SECRET_0")]


def core_of(sluice: Sluice, directory: Path) -> bytes:
    """A copy of what the kernel would write: gcore goes by the same marks of each mapping."""
    prefix = directory / "core"
    run(["gcore", "-o", prefix, str(sluice.pid)], timeout=300)
    core = Path(f"{prefix}.{sluice.pid}")
    contents = core.read_bytes()
    core.unlink()
    return contents


def found(core: bytes, secrets: dict[str, bytes]) -> list[str]:
    return [
        f"{name} ({len(form)} bytes) at {core.find(form):#x}"
        for name, secret in secrets.items()
        for form in forms_of(secret)
        if form in core
    ]


@pytest.mark.parametrize(
    ("rsa", "records"), [(True, "own"), (False, "openssl")], ids=["rsa-own", "ecdsa-openssl"]
)
def test_a_core_dump_has_no_keys(
    testbed: Testbed, client: Client, fast_program: Path, directory: Path, rsa: bool, records: str
) -> None:
    certificate = testbed.authority.issue("core-dump", [HOST], [WAN], rsa=rsa)
    log = directory / "keys.log"
    log.unlink(missing_ok=True)
    sluice = testbed.start_sluice(
        fast_program,
        workers=2,
        secure={"tls.certificate": str(certificate)},
        tls_records=records,
        overlay={
            "sluice": {"tls.key_log": str(log), "tls.ticket_key_file": str(ticket_file(directory))}
        },
    )
    for _ in range(20):
        assert client.curl(f"{HTTPS}/").status == 200
    # A key that comes over the admin socket goes other ways than one from a file.
    sluice.ask(f"set ssl cert {certificate} <<\n{certificate.read_text().strip()}\n")
    assert "Success!" in sluice.ask(f"commit ssl cert {certificate}")
    # One is open meanwhile: its keys are in use.
    with open_connection(testbed, client) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert b"200" in connection.recv(4096)
        core = core_of(sluice, directory)
        secrets = {f"traffic secret {i}": each for i, each in enumerate(traffic_secrets(log))}
    assert len(secrets) >= 40
    secrets |= private_numbers(certificate) | {"PEM": key_line(certificate)}
    secrets |= {"ticket key": TICKET_KEY[16:48], "ticket MAC key": TICKET_KEY[48:]}
    # What is no secret is there: the dump is one, and this test can find things in it.
    assert HOST.encode() in core
    assert b"198.18" in core
    assert found(core, secrets) == []
    testbed.stop_sluice()


def open_connection(testbed: Testbed, client: Client) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(testbed.authority.certificate))
    plain = testbed.layout.client.connect(WAN, 443)
    return context.wrap_socket(plain, server_hostname=HOST)


def test_a_users_process_may_leave_one_too(testbed: Testbed, fast_program: Path) -> None:
    """Who changes its user loses that, unless it asks for it (prctl(2), PR_SET_DUMPABLE)."""
    sluice = testbed.start_sluice(fast_program, overlay={"sluice": {"user": "daemon"}})
    # /proc gives a process's files to root when it may not be dumped.
    assert Path(f"/proc/{sluice.pid}/environ").owner() == "daemon"
    assert Path(f"/proc/{sluice.pid}/coredump_filter").read_text().strip() == "00000011"
    testbed.stop_sluice()
