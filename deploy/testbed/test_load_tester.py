"""The load tester against real servers: nginx counts what it counts, and it names what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.bed import Testbed
from testbed.layout import FARM, NOBODY, WEB1
from testbed.load_tester import Load, LoadTester, Pair, url_of
from testbed.origins import SPECIAL_PORT


@pytest.fixture(scope="module")
def tester(testbed: Testbed, checked_program: Path) -> Iterator[LoadTester]:
    testbed.stop_sluice()
    yield LoadTester(checked_program, testbed.layout.edge, testbed.directory)


def lines_of(log: Path) -> int:
    return len(log.read_text().splitlines()) if log.exists() else 0


def accepted_by_nginx(testbed: Testbed) -> tuple[int, int]:
    """Connections and requests that nginx has seen, this question among them."""
    with testbed.layout.farm["web1"].connect(WEB1.ipv4, 80) as connection:
        connection.sendall(b"GET /status HTTP/1.0\r\n\r\n")
        text = b""
        while piece := connection.recv(4096):
            text += piece
    numbers = re.search(rb"(\d+) (\d+) (\d+) \n", text)
    assert numbers is not None, text
    return int(numbers[1]), int(numbers[3])


def clean(load: Load) -> None:
    assert load.code == 0, load.text
    assert load.failures == {}, load.text


MODES = {
    "request": ("--mode", "request", "-c", 8),
    "client-closes": ("--mode", "request", "--close", "client", "-c", 8),
    "client-resets": ("--mode", "request", "--close", "reset", "-c", 8),
    "keepalive": ("--mode", "keepalive", "-c", 8),
    "keepalive-100": ("--mode", "keepalive", "-c", 8, "--requests", 100),
    "open-loop": ("--mode", "request", "--rate", 500),
    "open-loop-keepalive": ("--mode", "keepalive", "--rate", 1000, "--poisson", "-c", 16),
}


@pytest.fixture
def agrees(testbed: Testbed) -> Iterator[Callable[[Load], list[str]]]:
    """Holds a load against what nginx counted meanwhile; gives the lines that it logged."""
    log = testbed.origins["web1"].counted_log
    logged, (connections, requests) = lines_of(log), accepted_by_nginx(testbed)

    def compare(load: Load) -> list[str]:
        clean(load)
        seen = accepted_by_nginx(testbed)
        assert seen[1] - requests == load.results["responses"] + 1
        assert seen[0] - connections == load.results["connections"]["opened"] + 1
        lines = log.read_text().splitlines()[logged:] if log.exists() else []
        assert len(lines) == load.results["responses"]
        return lines

    yield compare


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("options", MODES.values(), ids=MODES.keys())
def test_nginx_counts_the_same(
    tester: LoadTester,
    agrees: Callable[[Load], list[str]],
    options: tuple[object, ...],
    secure: bool,
) -> None:
    load = tester.run(url_of("/counted", secure=secure), *options, "--count", 1000)
    agrees(load)
    assert load.results["responses"] == 1000
    assert load.results["statuses"] == {"200": 1000}


@pytest.mark.parametrize("mode", ["connect", "handshake"])
def test_connections_without_requests_are_counted(
    tester: LoadTester, agrees: Callable[[Load], list[str]], mode: str
) -> None:
    url = url_of("/", secure=mode == "handshake")
    load = tester.run(url, "--mode", mode, "-c", 8, "--count", 1000)
    agrees(load)
    assert load.results["connections"]["opened"] == 1000
    assert load.results["tls"]["handshakes"] == (1000 if mode == "handshake" else 0)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_resumptions_are_those_that_nginx_sees(
    tester: LoadTester, agrees: Callable[[Load], list[str]], version: str
) -> None:
    url = url_of("/counted", secure=True)
    load = tester.run(url, "--mode", "resume", "--tls", version, "-c", 8, "--count", 1000)
    lines = agrees(load)
    resumed = [line for line in lines if line.endswith(f" TLSv{version} r")]
    assert load.results["tls"]["resumed"] == len(resumed) >= 900


def test_requests_of_held_connections_are_counted(
    tester: LoadTester, agrees: Callable[[Load], list[str]]
) -> None:
    options = ("--mode", "hold", "-c", 50, "-d", "4s", "--hold-interval", "1s")
    load = tester.run(url_of("/counted"), *options)
    agrees(load)
    assert load.results["connections"]["opened"] == 50
    assert 100 <= load.results["responses"] <= 250


def test_ipv4_and_ipv6_are_loaded_together(tester: LoadTester) -> None:
    urls = (url_of("/") + "=3", f"http://[{WEB1.ipv6}]/")
    load = tester.run(urls[0], "-c", 4, "--count", 200, urls[1])
    clean(load)
    assert load.results["responses"] == 200


def test_placeholders_are_filled_in_for_each_request(
    testbed: Testbed, tester: LoadTester
) -> None:
    log = testbed.origins["web1"].counted_log
    logged = lines_of(log)
    path = "/counted?n={{request}}&c={{connection:10-13}}&w={{pick:red|blue}}"
    clean(tester.run(url_of(path), "-c", 4, "--count", 200))
    lines = log.read_text().splitlines()[logged:]
    asked = [re.search(r"n=(\d+)&c=(\d+)&w=(\w+) ", line) for line in lines]
    assert sorted(int(found[1]) for found in asked if found) == list(range(200))
    assert {int(found[2]) for found in asked if found} == {10, 11, 12, 13}
    assert {found[3] for found in asked if found} == {"red", "blue"}


def test_af_xdp_and_ipv6(tester: LoadTester) -> None:
    url = f"http://[{WEB1.ipv6}]/"
    clean(tester.run(url, "--mode", "request", "-c", 4, "--count", 200, device="af_xdp:web1"))


def test_bulk_is_read_whole(testbed: Testbed, tester: LoadTester) -> None:
    path = testbed.payload(10_000_000)
    load = tester.run(
        url_of(path), "--mode", "throughput", "-c", 4, "--count", 12, "--expect-size", 10_000_000
    )
    clean(load)
    assert load.results["body_bytes"] == 120_000_000


FAULTS = {
    "reset": ("/special/abort?size=1000&after=100&reset=1", "reset"),
    "short-body": ("/special/abort?size=1000&after=100", "short_body"),
    "short-chunked": ("/special/abort?size=1000&after=100&framing=chunked", "short_body"),
    "silent": ("/special/silent?seconds=5", "response_timeout"),
    "closed-early": ("/special/raw?text=", "closed_early"),
    "no-http": ("/special/raw?text=hello%0D%0A%0D%0A", "bad_response"),
    "wrong-status": ("/special/status?code=503", "wrong_status"),
}


@pytest.mark.parametrize(("path", "cause"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_of_the_server_is_named(tester: LoadTester, path: str, cause: str) -> None:
    load = tester.run(
        url_of(path, SPECIAL_PORT), "-c", 2, "--count", 5, "--timeout", "1s", "-d", "20s"
    )
    assert load.code != 0
    assert load.failures == {cause: 5}, load.text


def test_an_unexpected_size_is_named(tester: LoadTester) -> None:
    load = tester.run(url_of("/"), "-c", 1, "--count", 3, "--expect-size", 5)
    assert load.failures == {"wrong_body": 3}, load.text


def test_a_refused_connection_is_named(tester: LoadTester) -> None:
    load = tester.run(url_of("/", 9), "-c", 1, "--count", 3)
    assert load.failures == {"refused": 3}, load.text


def test_an_absent_host_is_named(tester: LoadTester) -> None:
    load = tester.run(f"http://{NOBODY}/", "-c", 1, "--count", 1, "--connect-timeout", "5s")
    assert set(load.failures) <= {"unreachable", "connect_timeout"}, load.text
    assert sum(load.failures.values()) == 1


def test_a_strong_tool_asks_first(tester: LoadTester) -> None:
    endless = tester.run(url_of("/"), "-c", 1)
    assert endless.code == 2 and "--duration" in endless.text
    far = tester.run("http://198.19.0.1/", "-c", 1, "--count", 1, "--gateway", WEB1.ipv4)
    assert far.code == 2 and "--allow" in far.text


_FEW_PORTS = f"""
[[interface]]
name = "edge"
ports = ["af_packet:web1"]
address = ["{FARM}/24"]

[tcp]
local_port.first = 20000
local_port.last = 20299
"""


def test_ports_of_the_last_run_are_used_again_without_waiting(
    testbed: Testbed, tester: LoadTester
) -> None:
    """The server closes first, and remembers the connections of each run through the next ones."""
    config = testbed.directory / "few-ports.toml"
    config.write_text(_FEW_PORTS)
    for _ in range(4):
        load = tester.run(url_of("/"), "--mode", "request", "--rate", 250, "-d", "1s", config=config)
        clean(load)
        # A SYN that is not taken comes again after a second.
        assert load.results["latency"]["connect"]["max_us"] < 900_000, load.text


@pytest.fixture(scope="module")
def pair(testbed: Testbed, checked_program: Path) -> Pair:
    return Pair(checked_program, testbed.layout.edge, testbed.directory)


def test_the_pair_agrees_with_itself(pair: Pair) -> None:
    with pair.serving("--size", "1-5000", "--status", "200:9,404:1"):
        load = pair.load("-c", 8, "--count", 1000)
    assert load.failures == {"wrong_status": 100}, load.text
    assert load.results["statuses"] == {"200": 900, "404": 100}


def test_connections_opened_before_the_next_hop_is_known_are_not_lost(pair: Pair) -> None:
    """Far more than may wait for a neighbour's answer."""
    with pair.serving():
        load = pair.load("-c", 256, "--mode", "keepalive", "--count", 2000)
    clean(load)
    assert load.results["segments"]["retransmitted"] == 0


@pytest.mark.parametrize("mode", ["request", "keepalive"])
def test_a_stalling_server_shows_in_an_open_loop(pair: Pair, mode: str) -> None:
    """No coordinated omission: what was due during a stall has waited for it."""
    with pair.serving("--stall", "500ms/1s"):
        load = pair.load("--mode", mode, "--rate", 500, "-c", 1000, "-d", "5s")
    clean(load)
    latency = load.results["latency"]["total"]
    # Half of the requests fall into a stall, and wait for 0 to 500 ms, evenly.
    assert 450_000 < latency["p99_us"] < 600_000, load.text
    assert 150_000 < latency["p75_us"] < 350_000, load.text


@pytest.fixture(scope="module")
def secure(testbed: Testbed) -> tuple[object, ...]:
    """Options of a server that speaks TLS."""
    return ("--certificate", testbed.authority.issue("pair", [Pair.NAME]))


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("mode", ["handshake", "request", "resume", "keepalive"])
def test_tls_in_every_mode(
    testbed: Testbed, pair: Pair, secure: tuple[object, ...], mode: str, version: str
) -> None:
    options = ("--mode", mode, "--tls", version, "-c", 4, "--count", 200)
    with pair.serving(*secure):
        load = pair.load(*options, "--ca", testbed.authority.certificate, secure=True)
    clean(load)
    tls = load.results["tls"]
    assert tls["certificates"] == "verified"
    assert tls["handshakes"] == (4 if mode == "keepalive" else 200)
    # The first connections have nothing to resume.
    assert tls["resumed"] == 0 if mode != "resume" else 180 <= tls["resumed"] < 200


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_session_resumes_on_every_worker_of_the_origin(
    testbed: Testbed, pair: Pair, secure: tuple[object, ...], version: str
) -> None:
    options = ("--mode", "resume", "--tls", version, "-c", 4, "--count", 200)
    with pair.serving(*secure, "--workers", 2):
        load = pair.load(*options, "--ca", testbed.authority.certificate, secure=True)
    clean(load)
    assert 180 <= load.results["tls"]["resumed"] < 200, load.text


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_reused_key_shares_are_declared(
    pair: Pair, secure: tuple[object, ...], version: str
) -> None:
    options = ("--mode", "handshake", "--tls", version, "-c", 4, "--count", 200)
    with pair.serving(*secure):
        fresh = pair.load(*options, secure=True)
        reused = pair.load(*options, "--reuse-key-share", 50, secure=True)
        refused = pair.load(*options, "--reuse-key-share", 50, "--groups", "P-256", secure=True)
    for load in (fresh, reused):
        clean(load)
        assert load.results["tls"]["handshakes"] == 200
    assert fresh.results["tls"]["key_share_reuse"] == 0
    assert "key share" not in fresh.text
    assert reused.results["tls"]["key_share_reuse"] == 50
    assert "each key share for up to 50 handshakes" in reused.text
    assert refused.code != 0 and "must begin with X25519" in refused.text


def test_an_untrusted_certificate_is_named(
    testbed: Testbed, pair: Pair, secure: tuple[object, ...]
) -> None:
    other = testbed.authority.issue("other", ["other.sluice.test"])  # signed, but no authority
    with pair.serving(*secure):
        load = pair.load("-c", 1, "--count", 2, "--ca", other, secure=True)
    assert load.failures == {"handshake": 2}, load.text
    assert sum(load.results["tls"]["failures"].values()) == 2, load.text


def test_what_is_no_tls_is_named(pair: Pair) -> None:
    with pair.serving("--listen", "443"):
        load = pair.load("-c", 1, "--count", 2, secure=True)
    assert load.failures == {"handshake": 2}, load.text


def test_a_bound_decides_over_the_exit_code(pair: Pair) -> None:
    with pair.serving("--delay", "20ms"):
        assert pair.load("-c", 1, "--count", 20, "--max-latency", "p50=1s").code == 0
        broken = pair.load("-c", 1, "--count", 20, "--max-latency", "p50=5ms")
    assert broken.code == 1 and "p50 is" in broken.text


def test_the_highest_good_rate_is_found(pair: Pair) -> None:
    """16 connections and a delay of 20 ms allow some 800 a second, whatever the machine."""
    with pair.serving("--delay", "20ms"):
        load = pair.load(
            *("--mode", "keepalive", "-c", 16, "--find-max", "50-100k", "--trial", "1s"),
            *("--max-latency", "p99=200ms"),
        )
    assert load.code == 0, load.text
    assert 500 <= load.results["best_rate"] <= 800, load.text


def test_a_delay_is_measured(pair: Pair) -> None:
    with pair.serving("--delay", "50ms"):
        load = pair.load("--mode", "keepalive", "-c", 4, "-d", "3s")
    clean(load)
    assert 50_000 <= load.results["latency"]["first_byte"]["p50_us"] < 80_000, load.text
