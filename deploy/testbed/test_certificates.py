"""Certificates: many of them, their replacement under load, keys, policies, OCSP, clients'."""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.bed import Testbed
from testbed.client import HTTPS, Client
from testbed.configuration import Settings, configuration, to_toml
from testbed.layout import HOST, WAN, WEB1
from testbed.many_certificates import CertificateMill
from testbed.process import run
from testbed.sluice import Sluice

COUNT = 5000
HOSTS = [f"host{number}.sluice.test" for number in range(COUNT)]


@pytest.fixture(scope="module")
def mill(testbed: Testbed) -> CertificateMill:
    return CertificateMill(testbed.authority)


@pytest.fixture(scope="module")
def directory(testbed: Testbed, mill: CertificateMill) -> Path:
    """5,000 certificates."""
    directory = testbed.directory / "many"
    mill.fill(directory, HOSTS)
    return directory


@pytest.fixture
def stopped(testbed: Testbed) -> Iterator[None]:
    """Whatever a test starts ends with it."""
    yield
    testbed.stop_sluice()


def context(client: Client, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(client.authority.certificate))
    context.minimum_version = context.maximum_version = version
    return context


def serial_shown(client: Client, tls: ssl.SSLContext, host: str) -> int:
    """The serial number of the certificate that is shown for a host, which must be good for it."""
    with tls.wrap_socket(client.connect(443), server_hostname=host) as connection:
        shown = connection.getpeercert()
        assert shown is not None
        return int(str(shown["serialNumber"]), 16)


class Handshakes:
    """Full handshakes with many names, one after the other on each of some threads."""

    def __init__(self, client: Client, hosts: list[str], threads: int = 4) -> None:
        self.done = 0
        self.failures: list[str] = []
        self._client = client
        self._hosts = hosts
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(threads)]

    def __enter__(self) -> Handshakes:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(timeout=30)

    def _run(self, number: int) -> None:
        tls = context(self._client)
        while not self._ending.is_set():
            host = self._hosts[number % len(self._hosts)]
            number += 7
            try:
                serial_shown(self._client, tls, host)
                self.done += 1
            except OSError as error:
                self.failures.append(f"{host}: {error}")

    def more(self, count: int, timeout: float = 30) -> None:
        """Waits for so many more."""
        wanted, deadline = self.done + count, time.monotonic() + timeout
        while self.done < wanted:
            assert time.monotonic() < deadline, f"{self.done} of {wanted}: {self.failures[:3]}"
            time.sleep(0.02)


def set_certificate(sluice: Sluice, path: Path, pem: str) -> None:
    answer = sluice.ask(f"set ssl cert {path} <<\n{pem.strip()}\n")
    assert answer.startswith("Transaction created"), answer
    answer = sluice.ask(f"commit ssl cert {path}")
    assert "Success!" in answer, answer


def test_5000_certificates_start_fast_and_one_is_replaced_under_load(
    testbed: Testbed,
    client: Client,
    fast_program: Path,
    directory: Path,
    mill: CertificateMill,
    figure: Callable[[str], None],
    stopped: None,
) -> None:
    servers = [f"{WEB1.ipv4}:{port}" for port in range(10000, 11000)]
    few = testbed.start_sluice(fast_program, workers=2).resident_bytes()
    begun = time.monotonic()
    sluice = testbed.start_sluice(
        fast_program,
        workers=2,
        secure={"tls.certificate": [*map(str, testbed.certificates), str(directory)]},
        backends=[{"name": "large", "server": servers}],
    )
    seconds = time.monotonic() - begun
    each = (sluice.resident_bytes() - few) / COUNT
    figure(f"{COUNT} certificates, 2 workers: serves after {seconds:.2f} s, {each:.0f} bytes each")
    assert seconds < 5
    assert each < 8192

    tls = context(client)
    for number in (0, 1, COUNT // 2, COUNT - 1):
        assert serial_shown(client, tls, HOSTS[number]) == number + 1
    chosen = COUNT // 2
    file = directory / f"{HOSTS[chosen]}.pem"
    # Among others, the very name that is replaced.
    hosts = [HOSTS[chosen], *HOSTS[:20], HOST]
    with client.tls(client.connect(443), HOSTS[chosen]) as old, Handshakes(client, hosts) as load:
        load.more(100)
        for round in range(1, 6):
            begun = time.monotonic()
            serial = 2 * COUNT + round
            set_certificate(sluice, file, mill.pem(HOSTS[chosen], serial).decode())
            took = time.monotonic() - begun
            load.more(50)
            assert serial_shown(client, tls, HOSTS[chosen]) == serial
        assert load.failures == []
        # A connection from before is what it was.
        request = f"GET /special/name HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
        old.sendall(request.encode())
        assert b" 200 " in old.recv(65536)
    figure(f"replaced in {took * 1e3:.0f} ms, {load.done} handshakes meanwhile, none failed")
    assert load.failures == []
    assert serial_shown(client, tls, HOSTS[0]) == 1

    (directory / f"{HOSTS[0]}.pem").write_bytes(mill.pem(HOSTS[0], 3 * COUNT))
    moved = sluice.config.read_text().replace(servers[0], f"{WEB1.ipv4}:9999")
    sluice.config.write_text(moved)
    answer = sluice.ask("reload")
    summary, *changes = answer.strip().splitlines()
    figure(f"{COUNT} certificates, {len(servers)} servers: reloaded in {summary.rpartition(' in ')[2]}")
    assert len(changes) == 3 and f"~ certificate {directory}/{HOSTS[0]}.pem" in changes, answer
    assert serial_shown(client, tls, HOSTS[0]) == 3 * COUNT
    assert serial_shown(client, tls, HOSTS[chosen]) == serial, "what was set by command stays"


def test_certificate_is_replaced_from_its_file_or_not_at_all(
    testbed: Testbed, client: Client, checked_program: Path, mill: CertificateMill, stopped: None
) -> None:
    host = HOSTS[0]
    few = testbed.directory / "few"
    mill.fill(few, [host])
    file = few / f"{host}.pem"
    sluice = testbed.start_sluice(
        checked_program,
        secure={"tls.certificate": [*map(str, testbed.certificates), str(few)]},
    )
    tls = context(client)
    sluice.ask(f"set ssl cert {file} <<\n{mill.pem(host, 77).decode()}\n")
    assert serial_shown(client, tls, host) == 1
    assert f"*{file}" in sluice.ask("show ssl cert")
    sluice.ask(f"abort ssl cert {file}")
    assert serial_shown(client, tls, host) == 1
    file.write_bytes(mill.pem(host, 78))
    ctl = [checked_program, "ctl", "-s", sluice.settings.admin_socket]
    run([*ctl, "set", "ssl", "cert", file])
    run([*ctl, "commit", "ssl", "cert", file])
    assert serial_shown(client, tls, host) == 78
    assert "Serial: 4E\n" in sluice.ask(f"show ssl cert {file}")
    done = run(
        [*ctl, "set", "ssl", "cert", file, "<<"], input_text=f"{mill.pem(host, 79).decode()}\n\n"
    )
    assert "Transaction created" in done.stdout
    run([*ctl, "commit", "ssl", "cert", file])
    assert serial_shown(client, tls, host) == 79
    refused = run([*ctl, "set", "ssl", "cert", file, "<<"], input_text="nonsense\n", check=False)
    assert refused.returncode != 0
    assert f"{file}: no certificate" in refused.stderr
    listed = json.loads(sluice.ask("show ssl cert json"))
    assert {entry["name"] for entry in listed} == {str(file), *map(str, testbed.certificates)}
    assert all(29 * 86400 < entry["expires_in"] < 31 * 86400 for entry in listed)
    info = sluice.info()
    assert info["Certificates"] == str(len(listed))
    assert int(info["FirstCertificateEnd_sec"]) == min(entry["not_after"] for entry in listed)


def s_client(client: Client, *words: str, host: str = HOST) -> str:
    """What openssl s_client prints of a handshake."""
    command = ["openssl", "s_client", "-connect", f"{WAN}:443", "-servername", host]
    command += ["-CAfile", str(client.authority.certificate), *words]
    done = client.namespace.run(command, input_text="", timeout=30, check=False)
    return done.stdout + done.stderr


def test_clients_get_the_key_that_they_can_verify(
    testbed: Testbed, client: Client, checked_program: Path, stopped: None
) -> None:
    rsa = testbed.authority.issue("www-rsa", [HOST], rsa=True)
    certificates = [*map(str, testbed.certificates), str(rsa)]
    testbed.start_sluice(checked_program, secure={"tls.certificate": certificates})
    only_rsa = "RSA-PSS+SHA256:RSA+SHA256"
    assert "Peer signature type: ECDSA" in s_client(client, "-tls1_3")
    assert "Peer signature type: ECDSA" in s_client(client, "-tls1_2")
    # GnuTLS's order, which has RSA first.
    both = f"{only_rsa}:ECDSA+SHA256"
    assert "Peer signature type: ECDSA" in s_client(client, "-tls1_3", "-sigalgs", both)
    assert "Peer signature type: RSA-PSS" in s_client(client, "-tls1_3", "-sigalgs", only_rsa)
    output = s_client(client, "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")
    assert "Cipher is ECDHE-RSA-AES128-GCM-SHA256" in output


@pytest.mark.parametrize(
    ("keys", "version", "cipher"),
    [
        ({"tls.policy": "modern"}, "-tls1_3", "TLS_AES_256_GCM_SHA384"),
        ({"tls.policy": "modern"}, "-tls1_2", ""),
        ({"tls.max_version": "1.2"}, "-tls1_2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        ({"tls.max_version": "1.2"}, "-tls1_3", ""),
        (
            {"tls.ciphersuites": "TLS_CHACHA20_POLY1305_SHA256"},
            "-tls1_3",
            "TLS_CHACHA20_POLY1305_SHA256",
        ),
        (
            {"tls.prefer_server_ciphers": True},
            "-tls1_2",
            "ECDHE-ECDSA-AES128-GCM-SHA256",
        ),
    ],
)
def test_policy_is_kept(
    testbed: Testbed,
    client: Client,
    checked_program: Path,
    keys: dict[str, Any],
    version: str,
    cipher: str,
    stopped: None,
) -> None:
    testbed.start_sluice(checked_program, secure=keys)
    assert f"Cipher is {cipher or '(NONE)'}" in s_client(client, version)


def test_ocsp_response_is_stapled(
    testbed: Testbed, client: Client, checked_program: Path, tmp_path: Path, stopped: None
) -> None:
    www = testbed.authority.issue("stapled", [HOST])
    response = Path(f"{www}.ocsp")
    testbed.authority.ocsp_response(www, response)
    sluice = testbed.start_sluice(checked_program, secure={"tls.certificate": [str(www)]})
    assert "OCSP Response Status: successful" in s_client(client, "-status", "-tls1_3")
    assert "OCSP Response Status: successful" in s_client(client, "-status", "-tls1_2")
    # One of no use in its place: said, and the certificate is served without.
    response.write_bytes(b"nonsense")
    sluice.ask(f"set ssl cert {www}")
    sluice.ask(f"commit ssl cert {www}")
    assert "OCSP response: no response sent" in s_client(client, "-status", "-tls1_3")


@pytest.mark.parametrize("demand", ["optional", "required"])
def test_server_is_told_who_the_client_is(
    testbed: Testbed, client: Client, checked_program: Path, demand: str, stopped: None
) -> None:
    alice = testbed.authority.issue("alice", ["alice"], usage="clientAuth")
    keys = {"tls.client_auth": demand, "tls.client_ca": str(testbed.authority.certificate)}
    testbed.start_sluice(checked_program, secure=keys)
    forged = ["-H", "X-SSL-Client-DN: CN=root", "-H", "X_SSL_Client_DN: CN=root"]
    url = f"{HTTPS}/special/echo"

    def told(*words: str) -> dict[str, list[str]]:
        response = client.curl(url, *forged, *words)
        assert response.status == 200, response
        fields: dict[str, list[str]] = {}
        for name, value in json.loads(response.text)["fields"]:
            fields.setdefault(name.lower().replace("_", "-"), []).append(value)
        return fields

    for version in ("1.2", "1.3"):
        fields = told("--cert", str(alice), "--tls-max", version)
        assert fields["x-ssl-client-verify"] == ["SUCCESS"]
        assert fields["x-ssl-client-dn"] == ["CN=alice"]
        assert fields["x-ssl-client-issuer"] == ["CN=Sluice demonstration CA"]
        assert len(fields["x-ssl-client-sha256"][0]) == 64
    if demand == "optional":
        fields = told()
        assert fields["x-ssl-client-verify"] == ["NONE"]
        assert "x-ssl-client-dn" not in fields
    else:
        assert client.curl(url).exit_code != 0
    # What a plain frontend's clients say of themselves is not passed on either.
    plain = client.curl(f"http://{HOST}/special/echo", *forged)
    assert re.search("x.ssl.client", plain.text, re.IGNORECASE) is None


def test_check_names_the_bad_one_of_thousands(
    testbed: Testbed, fast_program: Path, directory: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    keys = {"tls.certificate": [str(directory), str(bad)]}
    settings = Settings(tmp_path, testbed.certificates, secure=keys)
    path = tmp_path / "sluice.toml"
    path.write_text(to_toml(configuration(settings)))
    done = run([fast_program, "check", path], check=False, timeout=20)
    assert done.returncode != 0
    assert f"{bad}: no certificate" in done.stdout + done.stderr
