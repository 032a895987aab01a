"""Servers that break: what the client sees, and that nobody else is disturbed."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.client import HTTP, HTTPS, Client, WrkResult
from testbed.layout import OTHER_HOST, WEB1, WEB2
from testbed.origins import page_of
from testbed.process import wait_for
from testbed.sluice import Sluice

pytestmark = pytest.mark.usefixtures("sluice")

BROKEN_TRANSFER = (18, 56)  # curl: "partial file", "failure in receiving"


@pytest.mark.parametrize("base", [HTTP, HTTPS], ids=["http", "https"])
@pytest.mark.parametrize("framing", ["sized", "chunked"])
@pytest.mark.parametrize("reset", [0, 1], ids=["end", "reset"])
@pytest.mark.parametrize("after", [10, 100_000])
def test_server_that_breaks_off_is_never_a_complete_response(
    client: Client, base: str, framing: str, reset: int, after: int
) -> None:
    query = f"size=1000000&after={after}&framing={framing}&reset={reset}"
    transfer = client.download(f"{base}/special/abort?{query}", timeout=10)
    if transfer.exit_code == 0:
        # A reset may come before the head was forwarded: then it is an error response.
        assert client_saw_error_page(transfer.length)
    else:
        assert transfer.exit_code in BROKEN_TRANSFER
        assert transfer.length <= after


def client_saw_error_page(length: int) -> bool:
    return length < 500


def test_server_killed_mid_response_is_a_broken_transfer(
    testbed: Testbed, client: Client
) -> None:
    path = testbed.payload(1 << 26).replace("/files/", "/slow/")
    results = []

    def download() -> None:
        results.append(client.download(f"https://{OTHER_HOST}{path}", timeout=20))

    thread = threading.Thread(target=download)
    thread.start()
    time.sleep(1)
    origin = testbed.origins[WEB2.name]
    origin.kill()
    try:
        thread.join(25)
        assert results[0].exit_code in BROKEN_TRANSFER
        assert 0 < results[0].length < 1 << 26
    finally:
        origin.start()
    wait_for(lambda: client.curl(f"http://{OTHER_HOST}/").status == 200, "the server is used", 10)


def test_server_that_says_nothing_is_504(client: Client) -> None:
    response = client.curl(f"{HTTP}/special/silent?seconds=20", timeout=15)
    assert response.status == 504
    assert response.seconds < 8


def test_server_that_speaks_no_http_is_502(client: Client) -> None:
    assert client.curl(f"{HTTP}/special/raw?text=hello%0d%0a%0d%0a").status == 502


def test_server_that_closes_without_an_answer_is_502(client: Client) -> None:
    assert client.curl(f"{HTTP}/special/raw?text=").status == 502


def test_refused_connections_are_an_error_at_once(client: Client) -> None:
    response = client.curl(f"{HTTP}/absent")
    assert response.status in (502, 503)
    assert response.seconds < 1


def test_absent_host_is_an_error_in_bounded_time(client: Client) -> None:
    response = client.curl(f"{HTTP}/nobody", timeout=20)
    assert response.status in (502, 503, 504)
    assert response.seconds < 12


def test_one_server_down_costs_no_request(testbed: Testbed, client: Client) -> None:
    testbed.origins[WEB1.name].stop()
    try:
        responses = [client.curl(f"{HTTP}/") for _ in range(10)]
        assert [response.status for response in responses] == [200] * 10
        assert {response.text for response in responses} == {page_of(WEB2.name)}
    finally:
        testbed.origins[WEB1.name].start()
    _wait_until_used(client, WEB1.name)


def test_all_servers_down_is_an_error_at_once(testbed: Testbed, client: Client) -> None:
    for origin in testbed.origins.values():
        origin.stop()
    try:
        response = client.curl(f"{HTTPS}/")
        assert response.status in (502, 503)
        assert response.seconds < 2
    finally:
        for origin in testbed.origins.values():
            origin.start()
    _wait_until_used(client, WEB1.name)
    _wait_until_used(client, WEB2.name)


def test_kill_of_a_server_under_load_disturbs_nobody_else(
    testbed: Testbed, client: Client, sluice: Sluice
) -> None:
    """wrk asks for a host that only web2 serves; web1 is killed and comes back meanwhile, while
    others ask for what both serve."""
    others = _Background(client, f"https://{OTHER_HOST}/", seconds=8)
    shared = _Background(client, f"{HTTP}/", seconds=8)
    time.sleep(2)
    origin = testbed.origins[WEB1.name]
    origin.kill()
    time.sleep(2)
    origin.start()
    undisturbed, touched = others.result(), shared.result()
    assert (undisturbed.socket_errors, undisturbed.bad_statuses) == (0, 0), undisturbed.text
    assert undisturbed.requests > 100
    # Those that were under way at that server may fail, no more than there are connections.
    assert touched.socket_errors + touched.bad_statuses <= 3 * _Background.CONNECTIONS, touched.text
    assert touched.requests > 100
    _wait_until_used(client, WEB1.name)
    assert sluice.running


class _Background:
    """A wrk that runs beside the test."""

    CONNECTIONS = 20

    def __init__(self, client: Client, url: str, seconds: int) -> None:
        self._results: list[WrkResult] = []

        def load() -> None:
            self._results.append(client.wrk(url, seconds, self.CONNECTIONS))

        self._thread = threading.Thread(target=load)
        self._thread.start()

    def result(self) -> WrkResult:
        self._thread.join()
        return self._results[0]


def _wait_until_used(client: Client, name: str) -> None:
    """A server that is back is used again, without anybody's help."""
    wait_for(
        lambda: page_of(name) in (client.curl(f"{HTTP}/").text for _ in range(2)),
        f"{name} is used again",
        timeout=15,
        step=0.2,
    )


def test_sluice_killed_and_started_again_serves(
    testbed: Testbed, client: Client, sluice: Sluice, checked_program: Path
) -> None:
    sluice.kill()
    sluice.start()
    assert client.curl(f"{HTTPS}/").status == 200
