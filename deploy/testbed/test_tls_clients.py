"""TLS by clients of other libraries, and by tools that look for weaknesses."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.client import HTTPS, Client
from testbed.layout import HOST, WAN

TLS12 = [
    f"ECDHE-{key}-{cipher}"
    for key in ("ECDSA", "RSA")
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
]
TLS13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
POLICIES = {
    "intermediate": {("TLSv1.2", name) for name in TLS12} | {("TLSv1.3", name) for name in TLS13},
    "modern": {("TLSv1.3", name) for name in TLS13},
}
REQUEST = f"GET /special/name HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def certificates(testbed: Testbed) -> list[str]:
    """An ECDSA and an RSA certificate for the same name."""
    return [str(testbed.certificates[0]), str(testbed.authority.issue("www-rsa", [HOST], rsa=True))]


@pytest.fixture(scope="module", params=POLICIES)
def policy(
    request: pytest.FixtureRequest,
    testbed: Testbed,
    checked_program: Path,
    certificates: list[str],
) -> Iterator[str]:
    """A Sluice with each policy in turn."""
    name = str(request.param)
    testbed.start_sluice(
        checked_program, secure={"tls.policy": name, "tls.certificate": certificates}
    )
    yield name
    testbed.stop_sluice()


def served(policy: str, version: str, cipher: str) -> bool:
    return (version, cipher) in POLICIES[policy]


ALL = [("TLSv1.2", name) for name in TLS12] + [("TLSv1.3", name) for name in TLS13]


@pytest.mark.parametrize(("version", "cipher"), ALL)
def test_curl(client: Client, policy: str, version: str, cipher: str) -> None:
    number = version.removeprefix("TLSv")
    option = "--ciphers" if number == "1.2" else "--tls13-ciphers"
    words = [f"--tlsv{number}", "--tls-max", number, option, cipher]
    response = client.curl(f"{HTTPS}/special/name", *words)
    assert (response.status == 200) == served(policy, version, cipher), response


@pytest.mark.parametrize(("version", "cipher"), ALL)
def test_openssl(client: Client, policy: str, version: str, cipher: str) -> None:
    old = version == "TLSv1.2"
    command = ["openssl", "s_client", "-connect", f"{WAN}:443", "-servername", HOST, "-ign_eof"]
    command += ["-CAfile", str(client.authority.certificate), "-verify_return_error"]
    command += ["-tls1_2", "-cipher", cipher] if old else ["-tls1_3", "-ciphersuites", cipher]
    done = client.namespace.run(command, input_text=REQUEST, timeout=30, check=False)
    assert (" 200 OK" in done.stdout) == served(policy, version, cipher), done.stderr
    assert (f"Cipher is {cipher}" in done.stdout) == served(policy, version, cipher)


@pytest.mark.parametrize(("version", "cipher"), ALL)
def test_gnutls(client: Client, policy: str, version: str, cipher: str) -> None:
    old = version == "TLSv1.2"
    bulk = next(
        name
        for mark, name in (
            ("128", "AES-128-GCM"),
            ("256_GCM", "AES-256-GCM"),
            ("AES256", "AES-256-GCM"),
            ("CHACHA20", "CHACHA20-POLY1305"),
        )
        if mark in cipher
    )
    exchange = f"+{cipher[: cipher.index('-', 6)]}" if old else "+ECDHE-ECDSA:+ECDHE-RSA"
    priority = f"NONE:+VERS-{version.replace('TLSv', 'TLS')}:{exchange}:+{bulk}:+AEAD:+SIGN-ALL"
    command = ["gnutls-cli", "--priority", f"{priority}:+GROUP-ALL:+COMP-NULL", "--port", "443"]
    command += ["--x509cafile", str(client.authority.certificate), "--sni-hostname", HOST]
    command += ["--verify-hostname", HOST, WAN]
    done = client.namespace.run(command, input_text=REQUEST, timeout=30, check=False)
    assert (" 200 OK" in done.stdout) == served(policy, version, cipher), done.stdout + done.stderr


def test_sslscan_sees_what_the_policy_has(client: Client, policy: str) -> None:
    command = ["sslscan", "--xml=-", f"--sni-name={HOST}", f"{WAN}:443"]
    report = client.namespace.run(command, timeout=120).stdout
    tests = ElementTree.fromstring(report).findall("ssltest")
    assert len(tests) == 1, report
    (test,) = tests
    ciphers = {(c.get("sslversion"), c.get("cipher")) for c in test.findall("cipher")}
    assert ciphers == POLICIES[policy]
    enabled = {p.get("version") for p in test.findall("protocol") if p.get("enabled") == "1"}
    assert enabled == {version.removeprefix("TLSv") for version, _ in POLICIES[policy]}
    assert all(p.get("vulnerable") == "0" for p in test.findall("heartbleed"))
    for name in ("renegotiation", "compression"):
        assert all(p.get("supported") == "0" for p in test.findall(name)), report


# Of testssl's findings, these are of the demonstration authority, whose certificates are valid for a
# month and are never revoked; and of the order of ciphers, which is the client's, as Mozilla advises
# where none is weak.
ACCEPTED = {"cert_expirationStatus", "cert_notAfter", "cert_revocation", "cipher_order"}


def test_testssl_finds_nothing(
    client: Client, policy: str, tmp_path: Path, long_form: bool
) -> None:
    if not long_form:
        pytest.skip("takes minutes; --long")
    findings = tmp_path / "findings.json"
    command = ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--ip", WAN, "--nodns=none"]
    command += ["--add-ca", str(client.authority.certificate), "--jsonfile", str(findings)]
    # Not --full: it makes a handshake for every client it knows.
    command += ["--protocols", "--std", "--fs", "--server-preference", "--server-defaults"]
    command += ["--vulnerable", f"https://{HOST}:443"]
    client.namespace.run(command, timeout=900, check=False)
    listed = json.loads(findings.read_text())
    assert {entry["id"] for entry in listed} >= {"TLS1_3", "heartbleed", "ROBOT"}, listed
    bad = [
        f"{entry['id']} {entry['severity']}: {entry['finding']}"
        for entry in listed
        if entry["severity"] not in ("OK", "INFO") and entry["id"].split()[0] not in ACCEPTED
    ]
    assert bad == []


def test_chromium(testbed: Testbed, client: Client, policy: str) -> None:
    profile = testbed.directory / "chromium"
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
    command += [f"--user-data-dir={profile}", f"--host-resolver-rules=MAP {HOST} {WAN}"]
    # Its own store of authorities takes no file.
    command += ["--ignore-certificate-errors", "--dump-dom", f"{HTTPS}/"]
    done = client.namespace.run(command, timeout=60)
    assert "This page comes from" in done.stdout
