"""HTTPS to the servers of a backend: real servers, trusted ones and others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed import secure_origins
from testbed.bed import Testbed
from testbed.client import HTTP, HTTPS, Client, Response, parse_wrk
from testbed.layout import ORIGIN_HOST, WAN, WEB1
from testbed.origins import NGINX_PORT, page_of
from testbed.payload import pieces
from testbed.process import wait_for
from testbed.secure_origins import SecureOrigins
from testbed.sluice import Sluice
from testbed.variant import Variant

WITH_BOTH_RECORD_LAYERS = True

BROKEN_TRANSFER = (18, 56)  # curl: "partial file", "failure in receiving"


@pytest.fixture(scope="module")
def origins(testbed: Testbed) -> Iterator[SecureOrigins]:
    origins = SecureOrigins(
        testbed.layout.farm[WEB1.name], testbed.directory, testbed.authority, testbed.files
    )
    origins.start()
    yield origins
    origins.stop()


def backends(testbed: Testbed, origins: SecureOrigins) -> list[dict[str, Any]]:
    """One for each way in which a server may be, or be asked."""

    def backend(name: str, port: int, **keys: Any) -> dict[str, Any]:
        server = {"name": "s", "address": f"{WEB1.ipv4}:{port}"}
        tls = {"enabled": True, "authorities": str(testbed.authority.certificate)}
        tls |= {"server_name": ORIGIN_HOST} | keys.pop("tls", {})
        return {"name": name, "server": [server], "tls": tls, "server_pause": "100ms"} | keys

    unverified = {"enabled": True, "verify": "none"}
    shown = {"certificate": str(origins.client_certificate)}
    by_address = backend("by-address", secure_origins.GOOD_PORT)
    del by_address["tls"]["server_name"]
    return [
        backend("good", secure_origins.GOOD_PORT),
        by_address,
        backend("unpooled", secure_origins.GOOD_PORT, **{"pool.connections": 0}),
        backend("unpooled12", secure_origins.TLS12_PORT, **{"pool.connections": 0}),
        backend("stranger", secure_origins.STRANGER_PORT),
        backend("unverified", secure_origins.STRANGER_PORT) | {"tls": unverified},
        backend("expired", secure_origins.EXPIRED_PORT),
        backend("wrong-name", secure_origins.WRONG_NAME_PORT),
        backend("tls12", secure_origins.TLS12_PORT),
        backend("tls13-only", secure_origins.TLS12_PORT, tls={"min_version": "1.3"}),
        backend("mutual", secure_origins.MUTUAL_PORT, tls=shown),
        backend("strict", secure_origins.STRICT_PORT, tls=shown),
        backend("unknown", secure_origins.STRICT_PORT),
        backend("special", secure_origins.SPECIAL_PORT) | {"name": "secure-special"},
        backend("plain", NGINX_PORT),
    ]


@pytest.fixture(scope="module")
def shared_sluice(
    testbed: Testbed, checked_program: Path, variant: Variant, origins: SecureOrigins
) -> Iterator[Sluice]:
    yield testbed.start_sluice(
        checked_program,
        workers=variant.workers,
        tls_records=variant.tls_records,
        backends=backends(testbed, origins),
    )
    testbed.stop_sluice()


def ask(
    client: Client, backend: str, path: str = "/", *words: object, base: str = HTTP
) -> Response:
    """A request for what this backend serves."""
    return client.curl(f"{base}{path}", "--header", f"Host: {backend}.sluice.test", *words)


def log_of(sluice: Sluice) -> str:
    assert sluice.process is not None
    return sluice.process.log_text()


def test_servers_are_asked_by_tls(client: Client, sluice: Sluice, origins: SecureOrigins) -> None:
    before = sluice.counter("tls_backend.handshakes_completed")
    response = ask(client, "good", base=HTTPS)
    assert (response.status, response.text) == (200, page_of(WEB1.name))
    assert sluice.counter("tls_backend.handshakes_completed") == before + 1
    handled = origins.handled()[-1]
    assert (handled.version, handled.server_name) == ("TLSv1.3", ORIGIN_HOST)


def test_server_is_known_by_its_address_without_a_name(
    client: Client, sluice: Sluice, origins: SecureOrigins
) -> None:
    """RFC 6066: an address is not sent as a name."""
    assert ask(client, "by-address").status == 200
    assert origins.handled()[-1].server_name == "-"


@pytest.mark.parametrize(
    ("backend", "fault", "reason"),
    [
        ("stranger", "unknown_authority", "certificate: unable to get local issuer certificate"),
        ("expired", "expired", "certificate: certificate has expired"),
        ("wrong-name", "wrong_name", "certificate: hostname mismatch"),
    ],
)
def test_untrusted_server_is_asked_nothing(
    client: Client, sluice: Sluice, origins: SecureOrigins,
    backend: str, fault: str, reason: str,
) -> None:  # fmt: skip
    before = sluice.counter(f"http.refused_certificates.{fault}")
    handled = len(origins.handled())
    response = ask(client, backend, "/", "--data", "secret")
    assert response.status == 502
    assert response.seconds < 2
    assert sluice.counter(f"http.refused_certificates.{fault}") > before
    assert int(sluice.stat_of(backend, "s")["ssl_failed_handshake"]) > 0
    assert len(origins.handled()) == handled
    wait_for(
        lambda: any(
            f"TLS with server {backend}/s" in line and reason in line
            for line in log_of(sluice).splitlines()
        ),
        "the log says why",
    )


def test_nobody_is_verified_where_that_is_asked_for(client: Client, sluice: Sluice) -> None:
    assert ask(client, "unverified").text == page_of(WEB1.name)


def test_server_that_speaks_no_tls_is_502(client: Client, sluice: Sluice) -> None:
    assert ask(client, "plain").status == 502


def test_server_sees_who_asks(client: Client, sluice: Sluice, origins: SecureOrigins) -> None:
    assert ask(client, "mutual").text == page_of(WEB1.name)
    assert origins.handled()[-1].client == "CN=edge.sluice.test"
    assert ask(client, "strict", "/special/name").status == 200


def test_server_that_does_not_know_who_asks_is_502(client: Client, sluice: Sluice) -> None:
    """With TLS 1.3 its refusal comes when the handshake is done here, and the request is sent."""
    response = ask(client, "unknown", "/special/name", "--data", "body")
    assert response.status == 502
    assert response.seconds < 2
    wait_for(lambda: "TLS with server unknown/s" in log_of(sluice), "the log says why")


def test_server_may_speak_tls_1_2(client: Client, sluice: Sluice, origins: SecureOrigins) -> None:
    assert ask(client, "tls12").text == page_of(WEB1.name)
    assert origins.handled()[-1].version == "TLSv1.2"
    assert ask(client, "tls13-only").status == 502


@pytest.mark.parametrize("backend", ["unpooled", "unpooled12"])
def test_new_connections_resume_sessions(
    client: Client, sluice: Sluice, origins: SecureOrigins, workers: int, backend: str
) -> None:
    requests = 12
    resumed = sluice.counter("tls_backend.handshakes_resumed")
    first = len(origins.handled())
    for _ in range(requests):
        assert ask(client, backend).status == 200
    handled = origins.handled()[first:]
    assert len({request.connection for request in handled}) == requests
    seen = sum(request.resumed for request in handled)
    # Each worker begins with a full handshake, at most one.
    assert requests - workers <= seen < requests + 1
    assert sluice.counter("tls_backend.handshakes_resumed") - resumed == seen
    assert int(sluice.stat_of(backend, "s")["ssl_reused_sess"]) == seen


def test_connections_are_kept(client: Client, sluice: Sluice, origins: SecureOrigins) -> None:
    """One client's connection has one worker, whose connection to the server is used again."""
    first = len(origins.handled())
    words = [f"{HTTP}/{i}" for i in range(8)] + ["--header", "Host: good.sluice.test"]
    assert client.curl(f"{HTTP}/", *words).exit_code == 0
    handled = origins.handled()[first:]
    assert len(handled) == 9
    assert len({request.connection for request in handled}) == 1


def test_large_bodies_arrive_whole(testbed: Testbed, client: Client, sluice: Sluice) -> None:
    size = 64 << 20
    expected = hashlib.sha256()
    for piece in pieces(size):
        expected.update(piece)
    path = testbed.payload(size)
    down = client.download(f"{HTTPS}{path}", "--header", "Host: good.sluice.test")
    assert (down.exit_code, down.length, down.sha256) == (0, size, expected.hexdigest())
    file = testbed.files / path.rpartition("/")[2]
    words = ["--upload-file", file, "--request", "POST"]
    up = ask(client, "secure-special", "/special/sha256", *words, base=HTTPS)
    assert json.loads(up.text) == {
        "length": size, "sha256": expected.hexdigest(), "framing": "sized"
    }  # fmt: skip


@pytest.mark.parametrize("cut", [0, 1], ids=["ended", "cut"])
def test_end_of_the_connection_ends_a_response_only_when_the_server_says_so(
    client: Client, sluice: Sluice, cut: int
) -> None:
    """Else whoever is on the way could end it."""
    url = f"{HTTP}/special/until-close?size=100000&cut={cut}"
    transfer = client.download(url, "--header", "Host: secure-special.sluice.test")
    if cut:
        assert transfer.exit_code in BROKEN_TRANSFER
    else:
        assert (transfer.exit_code, transfer.length) == (0, 100000)


def test_load_meets_no_error(client: Client, sluice: Sluice) -> None:
    command = ["wrk", "-t1", "-c20", "-d3s", "--timeout", "10s", "-H", "Host: good.sluice.test"]
    done = client.namespace.run([*command, f"https://{WAN}/"], timeout=60)
    result = parse_wrk(done.stdout)
    assert (result.socket_errors, result.bad_statuses) == (0, 0), result.text
    assert result.requests > 100
