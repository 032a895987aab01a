"""The scripts that measure run, and what they write is whole and plausible. Whether it is
enough they judge themselves, on a machine that has nothing else to do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed.bed import ROOT, Testbed

Measure = Callable[[str], Any]


@pytest.fixture
def measure(testbed: Testbed, fast_program: Path, figure: Callable[[str], None]) -> Measure:
    testbed.stop_sluice()

    def run(script: str) -> Any:
        results = testbed.directory / f"{script}.json"
        words = [ROOT / "bench" / script, "--quick", "--program", fast_program, "--json", results]
        command = [str(word) for word in words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode in (0, 1), done.stderr
        for line in done.stdout.splitlines():
            figure(f"bench/{script} --quick: {line}")
        return json.loads(results.read_text())

    return run


def test_handshakes_are_of_the_kind_that_is_measured(measure: Measure) -> None:
    results = measure("handshakes")
    kinds = {(each["key"], each["version"], each["resumed"]) for each in results}
    assert len(kinds) == len(results) == 6
    for each in results:
        for served in (pair["served"] for pair in each["rounds"]):
            assert served["completed_per_second"] > 0
            assert served["resumed"] > 0.8 if each["resumed"] else served["resumed"] == 0
        if not each["resumed"]:
            assert each["served_us"] > each["in_memory_us"] * 0.5
            assert each["in_memory_us"] > each["public_key_us"] > 0
    for figure in ("served_us", "in_memory_us"):
        cost = {(each["key"], each["version"], each["resumed"]): each[figure] for each in results}
        for version in ("1.2", "1.3"):
            # Thrice: the signature with RSA costs ten times the one with ECDSA.
            assert cost["rsa", version, False] > cost["ecdsa", version, False]
        # A fifth: nothing is signed or agreed on.
        assert 0 < cost["ecdsa", "1.2", True] < cost["ecdsa", "1.2", False] / 2


def test_bulk_costs_more_with_tls_than_without(measure: Measure) -> None:
    results = measure("tls_bulk")
    rates = {
        name: results[name]["gbit_per_cpu_second"] for name in ("openssl", "tls", "plain", "nginx")
    }
    assert all(rate > 0 for rate in rates.values())
    assert rates["tls"] < rates["plain"]
    assert results["of_openssl_speed"] == rates["tls"] / rates["openssl"]
    assert results["times_nginx"] == rates["tls"] / rates["nginx"]


@pytest.fixture
def only_long(long_form: bool) -> None:
    if not long_form:
        pytest.skip("takes half a minute")


@pytest.mark.usefixtures("only_long")
def test_idle_connections_are_all_held(measure: Measure) -> None:
    results = measure("idle_memory")
    assert len(results) >= 2 and "plain" in results
    for name, held in results.items():
        assert held["connections"] == 1000
        assert held["held_bytes"] > held["before_bytes"]
        assert (held["above_plain"] == 0) == (name == "plain")


@pytest.mark.usefixtures("only_long")
def test_requests_go_on_beside_a_storm(measure: Measure) -> None:
    result = measure("storm")
    assert result["offered"] == 3 * result["capacity"] > 0
    assert result["completed"] > 0
    for seconds in result["kept"].values():
        assert seconds["rate"] > 0
        assert seconds["p50_us"] <= seconds["median_p99_us"] <= seconds["worst_p99_us"]


@pytest.mark.usefixtures("only_long")
def test_the_access_log_costs_the_worker_little(measure: Measure) -> None:
    results = measure("access_log")
    assert results["failures"] == 0
    assert results["cycles"]["none"] > 0
    for kind in ("haproxy", "json"):
        assert results["log_us"][kind] > 0
        assert results["ratio"][kind] == results["cycles"]["none"] / results["cycles"][kind]


@pytest.mark.usefixtures("only_long")
def test_all_three_proxies_do_every_kind_of_work(measure: Measure) -> None:
    results = measure("compare")
    assert set(results["best"]) == set(results["idle_bytes"]) == {"sluice", "nginx", "haproxy"}
    for name, rows in results["best"].items():
        costs = {title: row["us"] for title, row in rows.items()}
        assert set(costs) == set(results["times"])
        assert 0 < costs["keep-alive request"] < costs["TLS keep-alive request"]
        assert costs["keep-alive request"] < costs["new connection and request"]
        assert costs["TLS keep-alive request"] < costs["TLS full handshake, request"]
        for row in (each for each in rows.values() if "at_half" in each):
            assert 0 < row["at_half"]["p50"] <= row["at_half"]["p99"] <= row["at_half"]["p99.9"]
        idle = results["idle_bytes"][name]
        assert 0 < idle["plain"] < idle["tls"]
