"""The demonstration: a farm behind Sluice, to try by hand or, with --once, by itself."""

from __future__ import annotations

import argparse
import hashlib
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from testbed import payload
from testbed.bed import ROOT, Testbed
from testbed.client import Response
from testbed.guests import NUMBERS_PATH, Guest, numbers
from testbed.layout import CLIENT, FARM, FARM_HOSTS, GUESTS, HOST, WAN, WAN6, FarmHost
from testbed.origins import page_of
from testbed.process import TestbedError, wait_for
from testbed.sluice import Sluice

_LARGE = 1 << 24
_PROGRAM = ROOT / "build/sluice"


class Stopped(Exception):
    """A signal asked for the end."""


class Demonstration:
    """One run of the quickstart."""

    def __init__(self, guests: bool) -> None:
        self._bed = Testbed("sl")
        self._with_guests = guests
        self._guests: list[Guest] = []

    @property
    def _hosts(self) -> tuple[FarmHost, ...]:
        return GUESTS if self._with_guests else FARM_HOSTS

    def start(self) -> Sluice:
        print("making the testbed", flush=True)
        self._bed.create()
        if not self._with_guests:
            self._bed.payload(_LARGE)
            self._bed.start_origins()
        sluice = self._bed.start_sluice(_PROGRAM, guests=self._with_guests)
        if self._with_guests:
            self._boot(sluice)
        return sluice

    def _boot(self, sluice: Sluice) -> None:
        self._guests = self._bed.guests(sluice)
        print("booting two guests", flush=True)
        for guest in self._guests:
            guest.start()
        for guest in self._guests:
            guest.wait_until_up()
            name = guest.address.name
            wait_for(lambda: self._serves(name), f"{name} serves", 30, 0.2)

    def _serves(self, name: str) -> bool:
        return any(
            page_of(name) == self._bed.client.curl(f"http://{WAN}/", timeout=5).text for _ in "12"
        )

    def end(self) -> None:
        """Removes everything; raises TestbedError when Sluice did not end well."""
        for guest in self._guests:
            guest.kill()
        self._bed.destroy(keep_logs=False)

    # By hand

    def show(self, sluice: Sluice) -> None:
        client, ca = self._bed.layout.client.name, self._bed.authority.certificate
        enter = f"ip netns exec {client}"
        farm = ", ".join(f"{host.name} {host.ipv4}" for host in self._hosts)
        large = NUMBERS_PATH if self._with_guests else self._bed.payload(_LARGE)
        print(
            f"""
Sluice runs as process {sluice.pid}:

  client {CLIENT} ---- {WAN} Sluice {FARM} ---- {farm}

Try, as root in another terminal:

  {enter} curl http://{WAN}/
  {enter} curl --cacert {ca} https://{WAN}/
  {enter} curl --cacert {ca} --resolve {HOST}:443:{WAN} https://{HOST}/
  {enter} curl --cacert {ca} 'https://[{WAN6}]/'
  {enter} curl --cacert {ca} -o /dev/null https://{WAN}{large}
  {enter} wrk -t1 -c100 -d10s https://{WAN}/
  {_PROGRAM} ctl --socket {sluice.settings.admin_socket} show stat

configuration  {sluice.config}
log            {sluice.settings.directory / "sluice.log"}

Stop with Ctrl-C; all of it is removed then.
""",
            flush=True,
        )

    def watch(self, sluice: Sluice) -> None:
        """A line of counters until a signal stops it; an error when Sluice ends before."""
        terminal = sys.stdout.isatty()
        pause = 1.0 if terminal else 10.0
        before = _Counters(sluice)
        while sluice.running:
            time.sleep(pause)
            now = _Counters(sluice)
            rate = (now.requests - before.requests) / pause
            line = f"{now}, {rate:.0f} requests/s"
            print(f"\r\x1b[K{line}" if terminal else line, end="" if terminal else "\n", flush=True)
            before = now
        raise TestbedError("Sluice has ended by itself")

    # By itself

    def perform(self, sluice: Sluice) -> bool:
        """Performs the requests; true if every one of them was answered rightly."""
        results = [
            self._pages("HTTP", f"http://{WAN}/", WAN),
            self._pages("HTTPS, certificate verified", f"https://{HOST}/", WAN),
            self._pages("HTTPS over IPv6", f"https://{HOST}/", WAN6),
            self._large_body(),
            self._statistics(sluice),
        ]
        return all(results)

    def _pages(self, what: str, url: str, address: str) -> bool:
        responses = [self._bed.client.curl(url, address=address) for _ in range(4)]
        expected = {page_of(host.name) for host in self._hosts}
        good = all(r.exit_code == 0 and r.status == 200 for r in responses)
        return _report(
            good and {r.text for r in responses} == expected, what, "\n".join(map(_answer, responses))
        )

    def _large_body(self) -> bool:
        if self._with_guests:
            expected, path = hashlib.sha256(numbers()).hexdigest(), NUMBERS_PATH
        else:
            expected, path = payload.sha256(_LARGE), self._bed.payload(_LARGE)
        transfer = self._bed.client.download(f"https://{HOST}{path}")
        good = transfer.exit_code == 0 and transfer.sha256 == expected
        text = f"{transfer.length} bytes in {transfer.seconds:.2f} s, SHA-256 {transfer.sha256}"
        return _report(good, "a large body over HTTPS, compared by SHA-256", text)

    def _statistics(self, sluice: Sluice) -> bool:
        rows = {(row["pxname"], row["svname"]): row for row in sluice.stat()}
        used = [rows["farm", host.name] for host in self._hosts]
        lines = [str(_Counters(sluice))]
        lines += [f"{row['svname']}: {row['req_tot'] or row['stot']} requests" for row in used]
        good = all(int(row["req_tot"] or row["stot"]) > 0 for row in used)
        return _report(good, "counters", "\n".join(lines))


class _Counters:
    """What the live line shows."""

    def __init__(self, sluice: Sluice) -> None:
        frontends = [row for row in sluice.stat() if row["svname"] == "FRONTEND"]

        def total(column: str) -> int:
            return sum(int(row[column] or 0) for row in frontends)

        self.open = total("scur")
        self.connections = total("stot")
        self.requests = total("req_tot")
        self.received = total("bin")
        self.sent = total("bout")

    def __str__(self) -> str:
        return (
            f"connections {self.open} open, {self.connections} in all; requests {self.requests}; "
            f"received {self.received / 1e6:.1f} MB, sent {self.sent / 1e6:.1f} MB"
        )


def _answer(response: Response) -> str:
    return f"{response.status} {response.text.strip() or response.error}"


def _report(good: bool, what: str, text: str) -> bool:
    print(f"{'ok    ' if good else 'WRONG '} {what}")
    for line in text.splitlines():
        print(f"         {line}")
    sys.stdout.flush()
    return good


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def _guarded(demonstration: Demonstration, body: Callable[[Sluice], bool]) -> bool:
    """Runs the body between start and end; the end comes in any case."""
    good = False
    try:
        good = body(demonstration.start())
    except Stopped:
        print("\nstopping before the end", flush=True)
    except TestbedError as error:
        print(f"deploy/quickstart: {error}", file=sys.stderr)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        try:
            demonstration.end()
        except TestbedError as error:
            print(f"deploy/quickstart: {error}", file=sys.stderr)
            good = False
    return good


def main() -> int:
    parser = argparse.ArgumentParser(prog="deploy/quickstart")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--guests", action="store_true")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    demonstration = Demonstration(options.guests)

    def by_hand(sluice: Sluice) -> bool:
        demonstration.show(sluice)
        try:
            demonstration.watch(sluice)
        except Stopped:
            print("\nstopping", flush=True)
        return True

    good = _guarded(demonstration, demonstration.perform if options.once else by_hand)
    if options.once:
        print("all was right" if good else "not all was right")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
