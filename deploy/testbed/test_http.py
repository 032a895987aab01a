"""HTTP/1.1 from end to end: kernel clients, Sluice, kernel origins."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from testbed import payload
from testbed.bed import Testbed
from testbed.client import HTTP, HTTPS, Client, Response, read_responses, read_to_end
from testbed.layout import CLIENT, OTHER_HOST, WAN6, WEB1, WEB2
from testbed.origins import page_of
from testbed.sluice import Sluice

pytestmark = pytest.mark.usefixtures("sluice")

BOTH = pytest.mark.parametrize("base", [HTTP, HTTPS], ids=["http", "https"])


def echo(client: Client, base: str, *words: str, **options: Any) -> Any:
    """The request as the special server saw it."""
    response = client.curl(f"{base}/special/echo", *words, **options)
    assert response.status == 200, response
    return json.loads(response.body)


def fields_of(request: Any) -> dict[str, str]:
    return {key.lower(): value for key, value in request["fields"]}


@BOTH
def test_requests_reach_every_server(client: Client, base: str) -> None:
    pages = {client.curl(f"{base}/").text for _ in range(4)}
    assert pages == {page_of(WEB1.name), page_of(WEB2.name)}


@BOTH
def test_one_connection_serves_many_requests(client: Client, base: str) -> None:
    response = client.curl(*[f"{base}/"] * 5, "--write-out", "%{num_connects} ")
    assert response.exit_code == 0
    assert response.text.count("This page") == 5


@BOTH
def test_http_1_0(client: Client, base: str) -> None:
    response = client.curl("--http1.0", f"{base}/")
    assert (response.exit_code, response.status) == (0, 200)
    assert "This page" in response.text


def test_http_1_0_gets_no_chunks(client: Client) -> None:
    response = client.curl("--http1.0", f"{HTTP}/special/chunked?size=100000")
    assert response.exit_code == 0
    assert response.field("transfer-encoding") is None
    assert hashlib.sha256(response.body).hexdigest() == payload.sha256(100000)


def test_connection_close_is_obeyed(client: Client) -> None:
    with client.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: www.sluice.test\r\nConnection: close\r\n\r\n")
        answer = read_to_end(connection)
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"\r\nconnection: close" in head


@BOTH
def test_head_has_the_length_and_no_body(client: Client, base: str) -> None:
    response = client.curl("--head", f"{base}/special/sized?size=12345")
    assert (response.exit_code, response.status) == (0, 200)
    assert response.field("content-length") == "12345"


@pytest.mark.parametrize("code", [204, 304])
def test_statuses_without_a_body_keep_the_connection(client: Client, code: int) -> None:
    url = f"{HTTP}/special/status?code={code}"
    response = client.curl(url, url, "--write-out", "connects=%{num_connects}\n")
    assert (response.exit_code, response.status) == (0, code)


def test_interim_responses_are_forwarded(client: Client) -> None:
    response = client.curl(f"{HTTP}/special/hints")
    assert response.heads.startswith("HTTP/1.1 103")
    assert "</style.css>" in response.heads
    assert (response.status, response.text) == (200, "after the hints\n")


@BOTH
@pytest.mark.parametrize("kind", ["sized", "chunked", "until-close"])
def test_download_of_every_framing(client: Client, base: str, kind: str) -> None:
    size = 3_000_001
    transfer = client.download(f"{base}/special/{kind}?size={size}")
    assert (transfer.exit_code, transfer.length) == (0, size)
    assert transfer.sha256 == payload.sha256(size)


def test_chunks_of_any_size_arrive(client: Client) -> None:
    transfer = client.download(f"{HTTP}/special/chunked?size=20000&piece=7")
    assert transfer.sha256 == payload.sha256(20000)


def test_trailers_do_not_break_the_body(client: Client) -> None:
    url = f"{HTTP}/special/chunked?size=70000&trailer=1"
    response = client.curl(url, url, "--output", "/dev/null", "--output", "/dev/null")
    assert (response.exit_code, response.status) == (0, 200)


@BOTH
@pytest.mark.parametrize("framing", ["sized", "chunked"])
def test_upload_of_every_framing(
    testbed: Testbed, client: Client, base: str, framing: str
) -> None:
    size = 3_000_001
    path = testbed.files / testbed.payload(size).rpartition("/")[2]
    chunked = ["-H", "Transfer-Encoding: chunked"] if framing == "chunked" else []
    response = client.curl(
        f"{base}/special/sha256", "-X", "POST", "-T", path, "-H", "Expect:", *chunked
    )
    assert json.loads(response.body) == {
        "length": size,
        "sha256": payload.sha256(size),
        "framing": framing,
    }


def test_expect_continue_is_answered_and_the_body_arrives(client: Client) -> None:
    response = client.curl(
        f"{HTTPS}/special/sha256", "-d", "x" * 5000, "-H", "Expect: 100-continue",
        "--expect100-timeout", "20", timeout=10,
    )  # fmt: skip
    assert response.heads.startswith("HTTP/1.1 100")
    assert json.loads(response.body)["length"] == 5000


def test_refused_expectation_reaches_the_client_before_the_body(client: Client) -> None:
    response = client.curl(
        f"{HTTP}/special/refuse", "-d", "x" * 5000, "-H", "Expect: 100-continue",
        "--expect100-timeout", "20", timeout=10,
    )  # fmt: skip
    assert response.status == 417


def test_answer_before_the_end_of_the_body_reaches_the_client(
    testbed: Testbed, client: Client
) -> None:
    path = testbed.files / testbed.payload(3_000_001).rpartition("/")[2]
    response = client.curl(
        f"{HTTP}/special/early?status=413", "-X", "POST", "-T", path, "-H", "Expect:"
    )
    assert response.status == 413


def test_ipv6_on_both_sides(client: Client) -> None:
    for base in (HTTP, HTTPS):
        response = client.curl(f"{base}/ipv6", address=WAN6)
        assert (response.exit_code, response.status) == (0, 200)
        assert "This page comes from" in response.text


def test_forwarding_fields_name_the_client(client: Client) -> None:
    fields = fields_of(echo(client, HTTPS))
    assert fields["x-forwarded-for"] == CLIENT
    assert fields["x-forwarded-proto"] == "https"
    assert fields["x-forwarded-host"] == "www.sluice.test"
    assert "sluice" in fields["via"]


def test_hop_by_hop_fields_stop_here(client: Client) -> None:
    hops = ["-H", "Connection: X-Private, keep-alive", "-H", "X-Private: 1", "-H", "Keep-Alive: 300"]
    hops += ["-H", "TE: trailers", "-H", "Proxy-Connection: keep-alive", "-H", "X-Public: 2"]
    fields = fields_of(echo(client, HTTP, *hops))
    assert fields["x-public"] == "2"
    for name in ("x-private", "keep-alive", "te", "proxy-connection"):
        assert name not in fields


def test_host_routes(client: Client) -> None:
    pages = {client.curl(f"http://{OTHER_HOST}/").text for _ in range(4)}
    assert pages == {page_of(WEB2.name)}
    assert client.curl(f"https://{OTHER_HOST}/").text == page_of(WEB2.name)


def test_no_route_is_404(client: Client) -> None:
    assert client.curl(f"{HTTP}:8080/").status == 404
    assert client.curl(f"http://{OTHER_HOST}:8080/").status == 200


def test_200_pipelined_requests_are_answered_in_order(client: Client) -> None:
    requests = b"".join(
        b"GET /special/echo?n=%d HTTP/1.1\r\nHost: www.sluice.test\r\n\r\n" % n for n in range(200)
    )
    with client.connect(timeout=60) as connection:
        connection.sendall(requests)
        responses = read_responses(connection, 200)
    assert [status for status, _ in responses] == [200] * 200
    targets = [json.loads(body)["target"] for _, body in responses]
    assert targets == [f"/special/echo?n={n}" for n in range(200)]


AMBIGUOUS = {
    "both lengths": "POST {0} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unequal lengths": "POST {0} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n"
    "\r\nabcde",
    "signed length": "POST {0} HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd",
    "bare LF": "GET {0} HTTP/1.1\nHost: a\n\n",
    "one bare LF": "GET {0} HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    "bare CR": "GET {0} HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
    "obs-fold": "GET {0} HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
    "space before colon": "GET {0} HTTP/1.1\r\nHost : a\r\n\r\n",
    "bad chunk size": "POST {0} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x4\r\nabcd"
    "\r\n0\r\n\r\n",
    "unknown coding": "POST {0} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\nabcd",
    "two hosts": "GET {0} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no host": "GET {0} HTTP/1.1\r\n\r\n",
    "NUL in a field": "GET {0} HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    "no HTTP": "\x16\x03\x01\x02\x00 {0}\r\n\r\n",
}


@pytest.mark.parametrize("text", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_ambiguous_requests_are_refused_and_the_connection_closes(
    client: Client, text: str
) -> None:
    request = text.format("/special/echo").encode("latin-1")
    with client.connect() as connection:
        # What a server that reads the first request otherwise would take for a second one.
        connection.sendall(request + b"GET /special/echo HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = read_to_end(connection)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"fields" not in answer


def test_refused_requests_never_reach_a_server(client: Client) -> None:
    heads = [text for name, text in AMBIGUOUS.items() if name != "bad chunk size"]
    before = _accepted_requests(client)
    for text in heads:
        with client.connect() as connection:
            connection.sendall(text.format("/special/echo").encode("latin-1"))
            read_to_end(connection)
    # The second question is the only further request.
    assert _accepted_requests(client) == before + 1


def _accepted_requests(client: Client) -> int:
    return int(json.loads(client.curl(f"{HTTP}/special/count").body)["requests"])


def test_head_that_is_too_large_is_431(client: Client) -> None:
    response = client.curl(f"{HTTP}/", "-H", "X-Large: " + "x" * 60_000)
    assert response.status == 431


def test_request_that_never_ends_is_408(client: Client) -> None:
    with client.connect(timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: www.sluice.test\r\n")
        answer = read_to_end(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_statistics_count_the_requests(client: Client, sluice: Sluice) -> None:
    def total() -> int:
        return int(sluice.stat_of("www", "FRONTEND")["req_tot"])

    before = total()
    responses: list[Response] = [client.curl(f"{HTTP}/") for _ in range(3)]
    assert all(response.status == 200 for response in responses)
    assert total() == before + 3
