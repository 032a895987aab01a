"""TLS as clients other than curl see it."""

from __future__ import annotations

import re
import ssl

import pytest

from testbed.client import HTTPS, Client, read_to_end
from testbed.layout import HOST, OTHER_HOST, WAN, WAN6
from testbed.sluice import Sluice

WITH_BOTH_RECORD_LAYERS = True
pytestmark = pytest.mark.usefixtures("sluice")

REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"


def s_client(client: Client, *words: str, address: str = f"{WAN}:443", text: str = REQUEST) -> str:
    """What openssl s_client prints of a connection and of the answer to a request."""
    command = ["openssl", "s_client", "-connect", address, "-servername", HOST]
    command += ["-CAfile", str(client.authority.certificate), "-verify_return_error", "-ign_eof"]
    done = client.namespace.run([*command, *words], input_text=text, timeout=30, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("address", [f"{WAN}:443", f"[{WAN6}]:443"], ids=["ipv4", "ipv6"])
def test_openssl_client(client: Client, version: str, address: str) -> None:
    output = s_client(client, f"-tls{version.replace('.', '_')}", "-alpn", "http/1.1", address=address)
    assert "Verify return code: 0 (ok)" in output
    assert f"TLSv{version}, Cipher is" in output
    assert "ALPN protocol: http/1.1" in output
    assert "This page comes from" in output


@pytest.mark.parametrize(
    "cipher", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"]
)
def test_tls_1_2_ciphers(client: Client, cipher: str) -> None:
    output = s_client(client, "-tls1_2", "-cipher", cipher)
    assert f"Cipher is {cipher}" in output
    assert "This page comes from" in output


def test_old_versions_are_refused(client: Client) -> None:
    output = s_client(client, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert "Cipher is (NONE)" in output


def test_certificate_is_chosen_by_name(client: Client) -> None:
    shown = {
        host: re.search(r"subject=CN = (\S+)", s_client(client, "-servername", host))
        for host in (HOST, OTHER_HOST)
    }
    assert {host: match[1] for host, match in shown.items() if match} == {
        HOST: HOST,
        OTHER_HOST: OTHER_HOST,
    }


def test_resumed_session_serves(client: Client, tmp_path_factory: pytest.TempPathFactory) -> None:
    session = str(tmp_path_factory.mktemp("tls") / "session")
    assert "This page" in s_client(client, "-tls1_3", "-sess_out", session)
    assert "This page" in s_client(client, "-tls1_3", "-sess_in", session)


def test_close_notify_ends_the_stream(client: Client) -> None:
    """Python raises an error for an end without close_notify."""
    with client.tls(client.connect(443)) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"
        connection.sendall(REQUEST.encode())
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert b"This page comes from" in received


def test_unknown_authority_is_noticed(client: Client) -> None:
    """The test's own check: verification is really on."""
    response = client.curl(f"{HTTPS}/", "--cacert", "/dev/null")
    assert response.exit_code != 0


def test_plain_http_to_the_tls_port_is_not_served(client: Client) -> None:
    with client.connect(443) as connection:
        connection.sendall(REQUEST.encode())
        assert b"This page" not in read_to_end(connection)


def test_handshakes_that_never_end_do_not_stop_others(client: Client) -> None:
    silent = [client.connect(443) for _ in range(50)]
    half = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    halfway = half.wrap_bio(incoming, outgoing, server_hostname=HOST)
    with pytest.raises(ssl.SSLWantReadError):
        halfway.do_handshake()
    hello = outgoing.read()
    for connection in silent[::2]:
        connection.sendall(hello[: len(hello) // 2])
    assert client.curl(f"{HTTPS}/").status == 200
    for connection in silent:
        connection.close()


def test_statistics_are_there(sluice: Sluice) -> None:
    assert sluice.info()["Name"]
