"""What clients notice when a server fails in some way, beside HAProxy in the same place and with an
equal configuration. The table is printed at the end of the run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testbed.bed import Testbed
from testbed.haproxy import HaproxyEdge
from testbed.layout import FARM, FARM_HOSTS, WAN
from testbed.moody_origin import MOODY_PORT, MoodyOrigin
from testbed.steady_clients import Outcome, SteadyClients

RATE = 200.0
CHECK_SECONDS = 0.5
# How long a server is out that fails requests and passes checks: HAProxy's two good checks. Sluice would
# leave it out for longer each time, which HAProxy cannot.
OUT_SECONDS = 2 * CHECK_SECONDS
# When the fault begins, when it ends, and when the watching does.
FAULT, MENDED, END = 2.0, 7.0, 12.0
SLOW_ANSWER = 0.5

HAPROXY = f"""
defaults
  mode http
  balance roundrobin
  timeout client 10s
  timeout connect 1s
  timeout server 2s
  timeout queue 1s
  retries 2
  option redispatch 1
  retry-on conn-failure empty-response response-timeout 500
  option httpchk GET /healthz
  http-reuse safe
  default-server check inter 500ms fall 2 rise 2 observe layer7 error-limit 5 on-error mark-down
frontend www
  bind {WAN}:80
  default_backend moody
backend moody
"""


@dataclass
class Figures:
    """What one fault came to."""

    errors: int
    slow: int
    spoiled: int  # requests that the server got meanwhile; what it does not answer well is sent again
    left: float | None  # seconds from the fault to the last request that the server got
    back: float | None  # from its end to the first one

    def text(self) -> str:
        def seconds(value: float | None) -> str:
            return "never" if value is None else f"{value:.2f} s"

        return (
            f"{self.errors:5} errors {self.slow:5} slow {self.spoiled:5} spoiled, "
            f"left after {seconds(self.left)}, back after {seconds(self.back)}"
        )


def killed(server: MoodyOrigin) -> Iterator[float]:
    server.kill()
    yield MENDED
    server.start()


def in_mood(mood: str) -> Callable[[MoodyOrigin], Iterator[float]]:
    def fault(server: MoodyOrigin) -> Iterator[float]:
        server.become(mood)
        yield MENDED
        server.become("well")

    return fault


def flapping(server: MoodyOrigin) -> Iterator[float]:
    for second in range(round(MENDED - FAULT)):
        server.become("failing" if second % 2 == 0 else "well")
        yield FAULT + second + 1
    server.become("well")


FAULTS: dict[str, Callable[[MoodyOrigin], Iterator[float]]] = {
    "killed": killed,
    "hung": in_mood("hung"),
    "slow": in_mood("slow"),
    "failing": in_mood("failing"),
    "sick": in_mood("sick"),
    "flapping": flapping,
}
# By what the checks say; outlier ejection has these in and out.
_COMES_AND_GOES = ("sick", "flapping")


@pytest.fixture(scope="module")
def origins(testbed: Testbed) -> Iterator[list[MoodyOrigin]]:
    origins = [
        MoodyOrigin(host, testbed.layout.farm[host.name], testbed.directory) for host in FARM_HOSTS
    ]
    for origin in origins:
        origin.start()
    yield origins
    for origin in origins:
        origin.stop()


def sluice_tables() -> dict[str, Any]:
    ports = [f"af_packet:{host.name}" for host in FARM_HOSTS]
    return {
        "sluice": {"workers": 1, "hugepages": False},
        "interface": [
            {"name": "wan", "ports": ["af_packet:wan"], "address": [f"{WAN}/24"]},
            {"name": "farm", "ports": ports, "address": [f"{FARM}/24"]},
        ],
        "frontend": [{"name": "www", "bind": [f"{WAN}:80"], "backend": "moody"}],
        "backend": [
            {
                "name": "moody",
                "server": [
                    {"name": host.name, "address": f"{host.ipv4}:{MOODY_PORT}"}
                    for host in FARM_HOSTS
                ],
                "timeout.connect": "1s",
                "timeout.response": "2s",
                "queue.timeout": "1s",
                "retries": 2,
                "retry.on": ["500", "timeout", "broken"],
                "check.http": "/healthz",
                "check.interval": f"{round(CHECK_SECONDS * 1000)}ms",
                "check.timeout": f"{round(CHECK_SECONDS * 1000)}ms",
                "check.fall": 2,
                "check.rise": 2,
                "outlier.failures": 5,
                "outlier.time": f"{OUT_SECONDS:g}s",
                "outlier.longest": f"{OUT_SECONDS:g}s",
            }
        ],
    }


def watch(
    testbed: Testbed, server: MoodyOrigin, fault: Callable[[MoodyOrigin], Iterator[float]]
) -> Figures:
    """Has clients ask while the fault comes and goes."""
    clients = SteadyClients(testbed.layout.client, WAN, 80, RATE)
    thread = threading.Thread(target=clients.run, args=(END,))
    begin = time.monotonic()
    thread.start()
    time.sleep(FAULT)
    for until in fault(server):
        time.sleep(max(0.0, begin + until - time.monotonic()))
    mended = time.monotonic()
    thread.join()
    return figures(clients.outcomes, server.requests(), begin + FAULT, mended)


def figures(
    outcomes: list[Outcome], requests: list[float], fault: float, mended: float
) -> Figures:
    during = [at for at in requests if fault <= at < mended]
    after = [at for at in requests if at >= mended]
    return Figures(
        errors=sum(not outcome.good for outcome in outcomes),
        slow=sum(outcome.seconds > SLOW_ANSWER for outcome in outcomes),
        spoiled=len(during),
        left=max(during) - fault if during else 0.0,
        back=after[0] - mended if after else None,
    )


@pytest.mark.parametrize("name", FAULTS)
def test_a_server_that_fails_is_no_more_noticed_than_behind_haproxy(
    testbed: Testbed,
    fast_program: Path,
    origins: list[MoodyOrigin],
    name: str,
    long_form: bool,
    figure: Callable[[str], None],
) -> None:
    if not long_form:
        pytest.skip("takes three minutes: only with --long")
    server = origins[0]
    directory = testbed.directory / f"failures-{name}"
    directory.mkdir(exist_ok=True)
    testbed.start_sluice(fast_program, tables=sluice_tables())
    ours = watch(testbed, server, FAULTS[name])
    testbed.stop_sluice()
    servers = "".join(f"  server {host.name} {host.ipv4}:{MOODY_PORT}\n" for host in FARM_HOSTS)
    with HaproxyEdge(testbed.layout.edge, directory, HAPROXY + servers):
        theirs = watch(testbed, server, FAULTS[name])
    figure(f"server {name:9} sluice  {ours.text()}")
    figure(f"       {'':9} haproxy {theirs.text()}")
    assert ours.errors <= theirs.errors
    assert ours.slow <= theirs.slow
    assert ours.spoiled <= theirs.spoiled + RATE / len(FARM_HOSTS) * CHECK_SECONDS
    assert ours.back is not None
    # Checks come when they come: an interval either way is chance.
    if theirs.left is not None and ours.left is not None:
        assert ours.left <= theirs.left + CHECK_SECONDS
    if theirs.back is not None:
        # So it is whether a server that comes and goes is in or out at the end.
        may_be_out = OUT_SECONDS if name in _COMES_AND_GOES else 0.0
        assert ours.back <= max(theirs.back, may_be_out) + CHECK_SECONDS
