"""Guest VMs whose network card is a vhost-user port of Sluice."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.client import HTTP, HTTPS, Client, WrkResult
from testbed.guests import NUMBERS_PATH, Guest, numbers
from testbed.layout import GUEST1, GUEST2, OTHER_HOST, WAN6
from testbed.origins import page_of
from testbed.process import wait_for

EXPECTED = hashlib.sha256(numbers()).hexdigest()


@pytest.fixture(scope="module", params=[1, 2], ids=["1-worker", "2-workers"])
def guests(
    request: pytest.FixtureRequest, testbed: Testbed, checked_program: Path, long_form: bool
) -> Iterator[list[Guest]]:
    if request.param == 1 and not long_form:
        pytest.skip("to boot them twice takes a minute: in the long form")
    sluice = testbed.start_sluice(checked_program, workers=request.param, guests=True)
    booted = testbed.guests(sluice)
    for guest in booted:
        guest.start()
    for guest in booted:
        guest.wait_until_up()
    yield booted
    for guest in booted:
        guest.kill()
    testbed.stop_sluice()


def page(client: Client, url: str) -> str:
    return client.curl(url, timeout=10).text


def wait_until_used(client: Client, name: str) -> None:
    wait_for(
        lambda: page_of(name) in (page(client, f"{HTTP}/") for _ in range(2)),
        f"{name} is used",
        timeout=30,
        step=0.2,
    )


def test_every_guest_serves(client: Client, guests: list[Guest]) -> None:
    for guest in guests:
        wait_until_used(client, guest.address.name)
    assert page(client, f"https://{OTHER_HOST}/") == page_of(GUEST2.name)


def test_guest_over_ipv6(client: Client, guests: list[Guest]) -> None:
    # The guests have no such page: their own 404 shows that the request came through.
    response = client.curl(f"{HTTPS}/ipv6", address=WAN6)
    assert (response.exit_code, response.status) == (0, 404)


def test_download_from_a_guest(client: Client, guests: list[Guest]) -> None:
    for _ in range(2):
        transfer = client.download(f"{HTTPS}{NUMBERS_PATH}", timeout=120)
        assert (transfer.exit_code, transfer.sha256) == (0, EXPECTED)


def test_killed_guest_disturbs_no_other_and_is_used_again(
    client: Client, guests: list[Guest]
) -> None:
    results: list[WrkResult] = []
    load = threading.Thread(
        target=lambda: results.append(client.wrk(f"https://{OTHER_HOST}/", 6, 4))
    )
    load.start()
    time.sleep(2)
    killed = guests[0]
    assert killed.address is GUEST1
    killed.kill()
    load.join()
    assert (results[0].socket_errors, results[0].bad_statuses) == (0, 0), results[0].text
    assert results[0].requests > 20
    killed.start()
    killed.wait_until_up()
    wait_until_used(client, GUEST1.name)
