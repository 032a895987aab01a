"""A configuration that changes while Sluice runs."""

from __future__ import annotations

import dataclasses
import json
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testbed.bed import ROOT, Testbed
from testbed.client import HTTP, HTTPS, Client
from testbed.configuration import Table, configuration, to_toml
from testbed.layout import HOST, WEB1, WEB2
from testbed.origins import page_of
from testbed.process import run, wait_for
from testbed.sluice import Sluice, ask
from testbed.steady_load import SteadyLoad

# What grows for ever in `show stat`.
_COUNTERS = ("stot", "bin", "bout", "ereq", "econ", "eresp", "wretr", "wredis", "req_tot")
_COUNTERS += tuple(f"hrsp_{kind}" for kind in ("1xx", "2xx", "3xx", "4xx", "5xx", "other"))


def rewrite(sluice: Sluice, change: Callable[[Table], Any] = lambda tables: None) -> None:
    """The file that Sluice was started with, changed."""
    tables = configuration(sluice.settings)
    change(tables)
    sluice.config.write_text(to_toml(tables))


def named(tables: Table, kind: str, name: str) -> Table:
    return next(table for table in tables[kind] if table["name"] == name)


@pytest.fixture(scope="module")
def shared(testbed: Testbed, checked_program: Path) -> Iterator[Sluice]:
    yield testbed.start_sluice(
        checked_program,
        workers=2,
        admins=[{"socket": str(testbed.directory / "watch.sock")}],
        overlay={"sluice": {"telemetry": True}},
    )
    testbed.stop_sluice()


@pytest.fixture
def sluice(shared: Sluice) -> Iterator[Sluice]:
    """With its first configuration, before and after each test."""
    yield shared
    rewrite(shared)
    assert shared.ask("reload discard").startswith("reloaded ")


def test_new_requests_on_old_connections_go_by_the_new_file(
    sluice: Sluice, client: Client
) -> None:
    with client.connect() as kept:
        kept.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert kept.recv(65536).startswith(b"HTTP/1.1 200 ")
        rewrite(sluice, lambda tables: named(tables, "frontend", "www").pop("backend"))
        answer = sluice.ask("reload")
        assert answer.startswith(f"reloaded {sluice.config} in ")
        assert '~ [[frontend]] www backend: "farm" -> none' in answer
        kept.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert kept.recv(65536).startswith(b"HTTP/1.1 404 ")
    assert client.curl(f"{HTTPS}/").status == 200


def test_sighup_reloads_and_the_log_tells(sluice: Sluice, client: Client) -> None:
    process = sluice.process
    assert process is not None

    def move(tables: Table) -> None:
        named(tables, "frontend", "www")["bind"] = ["0.0.0.0:81"]

    rewrite(sluice, move)
    process.send(signal.SIGHUP)
    wait_for(lambda: "~ [[frontend]] www bind: " in process.log_text(), "the log tells of it")
    assert client.curl(f"{HTTP}/", timeout=2).status == 0
    assert client.curl(f"{HTTP}:81/", "--connect-to", f"{HOST}:81:198.18.0.10:81").status == 200


def test_a_file_with_errors_or_for_a_restart_changes_nothing(
    sluice: Sluice, client: Client, checked_program: Path
) -> None:
    ctl = [checked_program, "ctl", "-s", sluice.settings.admin_socket]
    rewrite(sluice, lambda tables: named(tables, "backend", "farm").update({"server_pauze": "1s"}))
    for verb in ("diff", "reload"):
        done = run([*ctl, verb], check=False)
        assert done.returncode == 1
        assert f"{sluice.config}:" in done.stderr and "did you mean 'server_pause'?" in done.stderr

    def restart(tables: Table) -> None:
        tables["sluice"]["workers"] = 1
        tables["tcp"]["sack"] = False
        named(tables, "backend", "farm")["retries"] = 1

    rewrite(sluice, restart)
    done = run([*ctl, "reload"], check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "not reloaded: 2 changes need a restart\n"
        "! [sluice] workers: 2 -> 1\n! [tcp] sack: true -> false\n"
    )
    changes = json.loads(run([*ctl, "diff", "json"]).stdout)["changes"]
    assert {change["key"] for change in changes} == {"workers", "sack", "retries"}
    rewrite(sluice)
    assert run([*ctl, "diff"]).stdout == "a reload would change nothing\n"
    assert client.curl(f"{HTTP}/").status == 200


def state_of(sluice: Sluice, backend: str, server: str) -> dict[str, str]:
    """A row of `show servers state`."""
    version, head, *rows = sluice.ask(f"show servers state {backend}").strip().splitlines()
    assert version == "1"
    names = head.removeprefix("# ").split()
    found = [dict(zip(names, row.split(" "), strict=True)) for row in rows]
    return next(row for row in found if row["srv_name"] == server)


def test_servers_change_while_it_runs_and_the_file_learns_of_it(
    sluice: Sluice, client: Client
) -> None:
    def answers() -> set[str]:
        return {client.curl(f"{HTTP}/").text for _ in range(6)}

    assert len(answers()) == 2
    assert sluice.ask("set server farm/web1 state drain") == "\n"
    assert answers() == {page_of("web2")}
    row = state_of(sluice, "farm", "web1")
    assert (row["srv_op_state"], row["srv_admin_state"]) == ("2", "8")
    assert sluice.stat_of("farm", "web1")["status"] == "DRAIN"
    assert "New server registered" in sluice.ask(f"add server farm/web3 [{WEB1.ipv6}]:80")
    assert answers() == {page_of("web2")}, "it is in maintenance"
    sluice.ask("enable server farm/web3; set server farm/web3 weight 3")
    assert answers() == {page_of("web1"), page_of("web2")}
    assert "No such server." in sluice.ask("set server farm/web9 state maint")

    rewrite(sluice, lambda tables: named(tables, "backend", "farm").update({"retries": 1}))
    assert sluice.ask("save config").startswith(f"{sluice.config} has changed since it was read")
    assert sluice.ask("reload").startswith("reloaded ")
    assert state_of(sluice, "farm", "web3")["srv_uweight"] == "3"
    tried = sluice.ask("save config dry-run")
    assert "web3" not in sluice.config.read_text()
    saved = sluice.ask("save config")
    assert tried.partition("\n")[2] == saved.partition("\n")[2] != ""
    text = sluice.config.read_text()
    assert 'state = "drain"' in text and 'name = "web3"' in text
    assert sluice.ask("diff").startswith("a reload would change nothing\n\n")
    assert "Only servers in maintenance" in sluice.ask("del server farm/web3")
    sluice.ask("disable server farm/web3")
    wait_for(lambda: "Server deleted" in sluice.ask("del server farm/web3"), "web3 has ended")
    assert answers() == {page_of("web2")}


def test_a_disabled_frontend_keeps_its_connections(sluice: Sluice, client: Client) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    with client.connect() as kept:
        sluice.ask("disable frontend www")
        assert sluice.stat_of("www", "FRONTEND")["status"] == "STOP"
        assert client.curl(f"{HTTP}/", timeout=2).status == 0
        kept.sendall(request)
        assert kept.recv(65536).startswith(b"HTTP/1.1 200 ")
        sluice.ask("enable frontend www")
    assert client.curl(f"{HTTP}/").status == 200


def test_a_limit_of_clients_connections_is_set_while_it_runs(
    sluice: Sluice, client: Client
) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    with client.connect(timeout=10) as first:
        first.sendall(request)
        assert first.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert sluice.ask("set maxconn frontend www 1") == "\n"
        assert client.curl(f"{HTTP}/", timeout=2).status in (0, 503)
    sluice.ask("set maxconn frontend www 0")
    assert client.curl(f"{HTTP}/").status == 200
    assert "Integer value expected" in sluice.ask("set maxconn frontend www many")


def test_counters_are_cleared_without_the_workers(sluice: Sluice, client: Client) -> None:
    client.curl(f"{HTTP}/")
    before = int(sluice.info()["CumReq"])
    assert int(sluice.stat_of("www", "FRONTEND")["req_tot"]) > 0
    sluice.ask("clear counters all")
    assert sluice.stat_of("www", "FRONTEND")["req_tot"] == "0"
    client.curl(f"{HTTP}/")
    assert sluice.stat_of("www", "FRONTEND")["req_tot"] == "1"
    assert sluice.stat_of("farm", "BACKEND")["req_tot"] == "1"
    assert int(sluice.info()["CumReq"]) == before + 1


def test_show_errors_has_the_last_refused_head_and_where_it_is_wrong(
    sluice: Sluice, client: Client
) -> None:
    with client.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost a\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
    text = sluice.ask("show errors www request")
    assert "frontend www (#" in text and ", src 198.18.0.2:" in text
    assert "error at position 16:\n" in text and "\n  00016  Host a\\r\\n\n" in text
    assert "invalid" not in sluice.ask("show errors www-tls")


_LEVELS = ("user", "operator", "admin")


def verbs(sluice: Sluice, level: str) -> set[str]:
    """What `help` lists at a level."""
    sink = "" if level == "admin" else f"{level};"
    lines = sluice.ask(f"{sink}help").splitlines()
    return {line.partition(" : ")[0].strip() for line in lines if " : " in line}


def test_the_manual_has_every_verb_with_its_level(sluice: Sluice) -> None:
    manual = (ROOT / "control/CONFIG.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \| (user|operator|admin) \| ", manual, re.MULTILINE)
    documented = {(usage.replace("\\|", "|"), level) for usage, level in rows}
    known: set[str] = set()
    for level in _LEVELS:
        allowed = verbs(sluice, level)
        assert {usage for usage, needed in documented if needed == level} == allowed - known
        known = allowed


def test_dpdks_telemetry_has_our_figures(sluice: Sluice, client: Client) -> None:
    path = next(Path("/run/dpdk").glob(f"*{sluice.pid}*/dpdk_telemetry.v2"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        connection.recv(16384)

        def told(command: str) -> Any:
            connection.sendall(command.encode())
            return json.loads(connection.recv(1 << 20))[command.partition(",")[0]]

        assert told("/sluice/info")["Pid"] == str(sluice.pid)
        assert set(told("/sluice/workers")) == {"0", "1"}
        assert told("/sluice/workers,1")["buffers"] > 0
        assert "farm/web1" in told("/sluice/stat")
        client.curl(f"{HTTP}/")
        wanted = int(sluice.stat_of("www", "FRONTEND")["req_tot"])
        wait_for(
            lambda: told("/sluice/stat,www/FRONTEND")["req_tot"] == wanted, "the next tick"
        )
        assert told("/sluice/stat,nobody/none") is None
        assert told("/sluice/counters")["tcp_segments_received"] > 0


@pytest.fixture(scope="module")
def watching(testbed: Testbed) -> Path:
    """A further admin socket, of level user."""
    return testbed.directory / "watch.sock"


def test_a_socket_of_level_user_only_looks(sluice: Sluice, watching: Path) -> None:
    assert ask(watching, "show cli level") == "user\n\n"
    assert ask(watching, "show info").startswith("Name: Sluice\n")
    refused = ask(watching, "set server farm/web1 state maint")
    assert refused == "Permission denied: 'set server' needs level admin, this is user\n\n"
    assert ask(watching, "show sess").startswith("Permission denied")
    assert f"unix@{watching} user all\n" in sluice.ask("show cli sockets")


@dataclass
class Round:
    """A series of reloads under load, and what came of it."""

    sluice: Sluice
    reloads: int = 0
    lower: list[str] = dataclasses.field(default_factory=list)
    _seen: dict[tuple[str, str], dict[str, int]] = dataclasses.field(default_factory=dict)

    def look(self) -> None:
        """Notes every counter that is lower than it was."""
        for row in self.sluice.stat():
            counters = {name: int(row[name]) for name in _COUNTERS if row[name]}
            before = self._seen.get((row["pxname"], row["svname"]), {})
            for name, value in counters.items():
                if value < before.get(name, 0):
                    self.lower.append(f"{row['pxname']}/{row['svname']} {name}: {value}")
            self._seen[row["pxname"], row["svname"]] = counters

    def reload(self, change: Callable[[Table], Any]) -> None:
        rewrite(self.sluice, change)
        answer = self.sluice.ask("reload")
        assert answer.startswith("reloaded "), answer
        self.reloads += 1
        self.look()


def other_timeout(number: int) -> Callable[[Table], None]:
    def change(tables: Table) -> None:
        named(tables, "frontend", "www")["timeout.idle"] = f"{20 + number % 2}s"

    return change


def other_servers(number: int) -> Callable[[Table], None]:
    """A new one each time, beside two of the others or one."""

    def change(tables: Table) -> None:
        farm = named(tables, "backend", "farm")
        keep = [server for server in farm["server"] if number % 3 or server["name"] != "web1"]
        host = (WEB1, WEB2)[number % 2]
        farm["server"] = [*keep, {"name": f"new{number}", "address": f"[{host.ipv6}]:80"}]

    return change


def steady_load(
    testbed: Testbed, program: Path, seconds: int, kept: int, opened: int
) -> SteadyLoad:
    """Two requests a second on each of the kept connections, and so many opened ones a second."""
    return SteadyLoad(
        program,
        testbed.layout.client,
        testbed.directory,
        seconds=seconds,
        kept=kept,
        requests=2 * kept,
        opened=opened,
    )


def reload_under_load(
    testbed: Testbed,
    sluice: Sluice,
    program: Path,
    change_of: Callable[[int], Callable[[Table], None]],
    *,
    seconds: int,
    kept: int,
    opened: int,
    every: float,
) -> tuple[Round, int]:
    """How many requests were answered meanwhile, of which none failed."""
    pid, round = sluice.pid, Round(sluice)
    load = steady_load(testbed, program, seconds, kept, opened)
    with load:
        time.sleep(1)
        next_at = time.monotonic()
        while load.running:
            round.reload(change_of(round.reloads))
            next_at += every
            time.sleep(max(0.0, next_at - time.monotonic()))
    for result in load.results():
        assert result.code == 0, result.text
        assert result.results["failed"] == 0, result.text
    assert round.lower == []
    assert sluice.pid == pid and sluice.info()["Pid"] == str(pid)
    assert not sluice.findings()
    return round, sum(result.results["responses"] for result in load.results())


@pytest.mark.parametrize("change_of", [other_timeout, other_servers], ids=["rules", "servers"])
def test_no_request_fails_however_often_it_reloads(
    testbed: Testbed,
    sluice: Sluice,
    fast_program: Path,
    change_of: Callable[[int], Callable[[Table], None]],
) -> None:
    round, answered = reload_under_load(
        testbed, sluice, fast_program, change_of, seconds=4, kept=50, opened=200, every=0.1
    )
    assert round.reloads >= 5
    assert answered > 500


def drain_and_save(sluice: Sluice) -> None:
    """Every server out of work and back, one after the other; saved and reloaded in between."""
    for server in ("web1", "web2"):
        for state in ("drain", "maint", "ready"):
            assert sluice.ask(f"set server farm/{server} state {state}") == "\n"
            assert sluice.ask("save config").startswith("written into ")
            assert sluice.ask("reload").startswith("reloaded ")


def rounds_of_draining(
    testbed: Testbed, sluice: Sluice, program: Path, *, seconds: int, kept: int, opened: int
) -> tuple[int, int]:
    """How often every server was out and back, and how many requests were answered meanwhile."""
    rounds = 0
    load = steady_load(testbed, program, seconds, kept, opened)
    with load:
        time.sleep(1)
        while load.running:
            drain_and_save(sluice)
            rounds += 1
            time.sleep(0.2)
    for result in load.results():
        assert result.code == 0 and result.results["failed"] == 0, result.text
    assert not sluice.findings()
    return rounds, sum(result.results["responses"] for result in load.results())


def test_draining_every_server_and_saving_costs_no_request(
    testbed: Testbed, sluice: Sluice, fast_program: Path
) -> None:
    rounds, answered = rounds_of_draining(
        testbed, sluice, fast_program, seconds=4, kept=50, opened=200
    )
    assert rounds >= 1 and answered > 500
    assert sluice.ask("diff").startswith("a reload would change nothing\n\n")


def test_a_hundred_reloads_in_a_minute_cost_nobody_anything(
    testbed: Testbed, fast_program: Path, long_form: bool, figure: Callable[[str], None]
) -> None:
    if not long_form:
        pytest.skip("takes two minutes: only with --long")
    log = {"to": str(testbed.directory / "reload-access.log")}
    # Each round has a Sluice of its own: another load tester's connections would meet the ones that
    # the one before has left in TIME_WAIT, whose time stamps are none of its own.
    for name, change_of in (("rules", other_timeout), ("servers", other_servers)):
        sluice = testbed.start_sluice(fast_program, workers=1, access_log=log)
        sluice.ask("reload")
        before = sluice.resident_bytes()
        round, answered = reload_under_load(
            testbed, sluice, fast_program, change_of, seconds=60, kept=500, opened=2000, every=0.58
        )
        rewrite(sluice)
        sluice.ask("reload")
        time.sleep(3)
        grown = sluice.resident_bytes() - before
        figure(
            f"{round.reloads} reloads ({name}) in 60 s: {answered} requests, none failed; "
            f"memory {grown / 1024:+.0f} KiB"
        )
        assert round.reloads >= 100
        assert grown < 16 << 20
        testbed.stop_sluice()
    sluice = testbed.start_sluice(fast_program, workers=1, access_log=log)
    before, buffers = sluice.resident_bytes(), sluice.buffers_in_use()
    rounds, answered = rounds_of_draining(
        testbed, sluice, fast_program, seconds=30, kept=500, opened=2000
    )
    time.sleep(3)
    grown = sluice.resident_bytes() - before
    figure(
        f"every server drained, saved and back {rounds} times in 30 s: {answered} requests, none "
        f"failed; memory {grown / 1024:+.0f} KiB, buffers {sluice.buffers_in_use() - buffers:+d}"
    )
    assert grown < 16 << 20
    testbed.stop_sluice()
