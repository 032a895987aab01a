"""What tells of a running Sluice: its management address, HAProxy's tools, `sluice top`."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from testbed.bed import Testbed
from testbed.client import HTTP, HTTPS, Client, read_to_end
from testbed.configuration import Settings, configuration
from testbed.layout import HOST
from testbed.process import wait_for
from testbed.pseudo_terminal import on_terminal
from testbed.sluice import Sluice

ADDRESSES = ("127.0.0.1", "127.0.0.2")
PORT = 9101
EXPORTER_PORT = 9102
REQUESTS = 10


@pytest.fixture(scope="module")
def watched(testbed: Testbed, checked_program: Path) -> Iterator[Sluice]:
    """A Sluice with a management address, through which some requests have gone."""
    settings = Settings(Path("unused"), testbed.certificates, workers=2)
    tables = configuration(settings)
    # The edge's kernel has no IPv6: Sluice's own addresses are none of its business.
    tables["management"] = {"listen": [f"{address}:{PORT}" for address in ADDRESSES]}
    # Written into its directory, which is only known when it starts.
    directory = testbed.directory / "watched"
    tables["sluice"]["admin.socket"] = str(directory / "admin.sock")
    testbed.stop_sluice()
    sluice = Sluice(
        checked_program,
        testbed.layout.edge,
        Settings(directory, testbed.certificates, tables=tables),
    )
    sluice.start()
    for _ in range(REQUESTS):
        assert testbed.client.curl(f"{HTTP}/").status == 200
    for _ in range(2):
        assert testbed.client.curl(f"{HTTPS}/").status == 200
    assert testbed.client.curl(f"{HTTP}/absent").status == 503
    yield sluice
    if sluice.running:
        sluice.stop()


def get(testbed: Testbed, path: str, *fields: str, address: str = "127.0.0.1") -> tuple[int, str, str]:
    """Status, type and body of a page, without a library that might forgive something."""
    head = "".join(f"{line}\r\n" for line in (f"GET {path} HTTP/1.1", "Host: edge", "Connection: close", *fields))
    with testbed.layout.edge.connect(address, PORT) as connection:
        connection.sendall(f"{head}\r\n".encode())
        answer = read_to_end(connection).decode()
    head, _, body = answer.partition("\r\n\r\n")
    lines = head.split("\r\n")
    kinds = [line.partition(": ")[2] for line in lines if line.startswith("Content-Type: ")]
    return int(lines[0].split()[1]), kinds[0], body


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """As Prometheus' own client reads them."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_are_what_show_stat_tells(testbed: Testbed, watched: Sluice) -> None:
    status, kind, text = get(testbed, "/metrics")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    told = samples(text)
    assert told["sluice_process_build_info", (("version", watched.info()["Version"]),)] == 1
    www = (("proxy", "www"),)
    assert told["sluice_frontend_http_requests_total", www] == REQUESTS + 1
    row = watched.stat_of("www", "FRONTEND")
    assert told["sluice_frontend_bytes_out_total", www] == int(row["bout"])
    farm = (("proxy", "farm"),)
    assert told["sluice_backend_total_time_seconds_count", farm] == REQUESTS + 2
    assert 0 < told["sluice_backend_total_time_seconds_sum", farm] < 10
    assert told["sluice_backend_total_time_seconds_bucket", (("le", "+Inf"), *farm)] == REQUESTS + 2
    assert told["sluice_server_status", (("proxy", "absent"), ("server", "absent"), ("state", "DOWN"))] in (0, 1)
    assert told["sluice_worker_connections_limit", (("worker", "1"),)] > 0
    assert told["sluice_worker_buffers_free", (("worker", "0"),)] > 0
    assert told["sluice_tls_handshake_time_seconds_count", (("kind", "full"),)] >= 1
    (end,) = {
        value for (name, labels), value in told.items()
        if name == "sluice_certificate_not_after_seconds" and "www" in dict(labels)["certificate"]
    }  # fmt: skip
    assert end > time.time()


def test_openmetrics_is_written_for_who_asks_for_it(testbed: Testbed, watched: Sluice) -> None:
    asked = "Accept: application/openmetrics-text; version=1.0.0,text/plain;version=0.0.4;q=0.5"
    status, kind, text = get(testbed, "/metrics", asked)
    assert status == 200
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    families = {family.name: family for family in openmetrics.text_string_to_metric_families(text)}
    assert families["sluice_frontend_http_requests"].type == "counter"
    assert families["sluice_backend_connect_time_seconds"].type == "histogram"


def test_pages_are_there_on_every_address(testbed: Testbed, watched: Sluice) -> None:
    for address in ADDRESSES:
        assert get(testbed, "/healthz", address=address)[::2] == (200, "ok\n")
    assert get(testbed, "/ready")[0] == 200
    status, kind, page = get(testbed, "/stats")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert "frontend www" in page and "backend farm" in page
    _, _, text = get(testbed, "/haproxy?stats;csv;norefresh")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("# "))))
    assert [row["svname"] for row in rows if row["pxname"] == "farm"] == ["web1", "web2", "BACKEND"]
    assert json.loads(get(testbed, "/info.json")[2])
    assert get(testbed, "/admin")[0] == 404


def test_prometheus_haproxy_exporter_reads_it(testbed: Testbed, watched: Sluice) -> None:
    exporter = testbed.layout.edge.start(
        "exporter",
        [
            "prometheus-haproxy-exporter",
            f"--haproxy.scrape-uri=http://127.0.0.1:{PORT}/;csv",
            f"--web.listen-address=127.0.0.1:{EXPORTER_PORT}",
        ],
        watched.settings.directory / "exporter.log",
    )

    def listens() -> bool:
        assert exporter.running, exporter.log_text()
        with testbed.layout.edge.socket() as probe:
            return probe.connect_ex(("127.0.0.1", EXPORTER_PORT)) == 0

    try:
        wait_for(listens, "the exporter listens", 20)
        with testbed.layout.edge.connect("127.0.0.1", EXPORTER_PORT) as connection:
            connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            theirs = samples(read_to_end(connection).decode().partition("\r\n\r\n")[2])
    finally:
        exporter.stop(10)
    ours = samples(get(testbed, "/metrics")[2])
    assert theirs["haproxy_up", ()] == 1
    assert theirs["haproxy_exporter_csv_parse_failures_total", ()] == 0
    www, farm = "www", "farm"
    for name in ("bytes_in_total", "bytes_out_total", "sessions_total", "request_errors_total"):
        assert theirs[f"haproxy_frontend_{name}", (("frontend", www),)] == (
            ours[f"sluice_frontend_{name}", (("proxy", www),)]
        ), name
    for name in ("bytes_in_total", "bytes_out_total", "sessions_total", "retry_warnings_total"):
        assert theirs[f"haproxy_backend_{name}", (("backend", farm),)] == (
            ours[f"sluice_backend_{name}", (("proxy", farm),)]
        ), name
    for server in ("web1", "web2"):
        labels = (("backend", farm), ("server", server))
        assert theirs["haproxy_server_up", labels] == 1
        assert theirs["haproxy_server_bytes_in_total", labels] == (
            ours["sluice_server_bytes_in_total", (("proxy", farm), ("server", server))]
        )


def test_hatop_draws_it(watched: Sluice) -> None:
    command = ["hatop", "-s", str(watched.settings.admin_socket)]
    with on_terminal(command) as terminal:
        # It draws the process, then frontends, and backends with their servers.
        terminal.wait_for(lambda text: "BACKEND" in text and "web2" in text)
        for expected in ("Sluice", "www", "FRONTEND", "farm", "web1", "OPEN", "UP"):
            assert expected in terminal.text, f"no {expected}: {terminal.text}"
        assert "Error" not in terminal.text
        terminal.press("q")
        assert terminal.exit_code() == 0


def test_top_draws_follows_the_terminal_and_leaves_it_as_it_was(
    watched: Sluice, checked_program: Path
) -> None:
    command = [checked_program, "top", "-s", watched.settings.admin_socket]
    with on_terminal(command, lines=30, columns=150) as terminal:
        terminal.wait_for(lambda text: "web2" in text and "q quit" in text)
        assert "Sluice" in terminal.text and "worker  1" in terminal.text
        terminal.forget()
        terminal.wait_for(lambda text: text.count("q quit") >= 2)  # each second anew
        terminal.press("/web1\r")
        terminal.forget()
        terminal.wait_for(lambda text: "filter (web1)" in text)
        terminal.resize(10, 50)
        terminal.forget()
        terminal.wait_for(lambda text: text.count("Sluice") >= 2)
        last = terminal.text.rpartition("Sluice")[2]
        assert max(len(line.strip()) for line in last.split("\r\n")) <= 50
        terminal.press("q")
        assert terminal.exit_code() == 0
        assert terminal.raw.endswith("\x1b[0m\x1b[?25h\x1b[?1049l")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_top_leaves_the_terminal_as_it_was_when_a_signal_ends_it(
    watched: Sluice, checked_program: Path, number: signal.Signals
) -> None:
    with on_terminal([checked_program, "top", "-s", watched.settings.admin_socket]) as terminal:
        terminal.wait_for(lambda text: "q quit" in text)
        os.kill(terminal.pid, number)
        assert terminal.exit_code() == 0
        assert terminal.raw.endswith("\x1b[?1049l")


def test_top_is_a_list_where_there_is_no_terminal(watched: Sluice, checked_program: Path) -> None:
    done = subprocess.run(
        [checked_program, "top", "-s", watched.settings.admin_socket],
        capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    assert "farm" in done.stdout and "\x1b" not in done.stdout


def test_a_client_that_does_not_take_its_answer_holds_up_nobody(
    testbed: Testbed, watched: Sluice, client: Client
) -> None:
    with testbed.layout.edge.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect(("127.0.0.1", PORT))
        lazy.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * 50)
        for _ in range(5):
            assert get(testbed, "/metrics")[0] == 200
        assert client.curl(f"{HTTP}/").status == 200


def test_ready_ends_when_it_drains(testbed: Testbed, watched: Sluice, client: Client) -> None:
    """The last one: it ends the Sluice."""
    with client.connect(timeout=30) as held:
        held.sendall(
            f"GET /special/drip?size=30000&rate=1000 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        )
        held.recv(65536)  # the response is under way, which ends no sooner than the looks do
        os.kill(watched.pid, signal.SIGTERM)
        deadline = time.monotonic() + 5
        while get(testbed, "/ready")[0] == 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert get(testbed, "/ready")[::2] == (503, "draining\n")
        assert get(testbed, "/healthz")[0] == 200
        assert samples(get(testbed, "/metrics")[2])["sluice_process_stopping", ()] == 1
    watched.stop()
