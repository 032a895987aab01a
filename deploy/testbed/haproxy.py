"""HAProxy in the place of Sluice, to compare with: on the edge's kernel, with the edge's addresses."""

from __future__ import annotations

from pathlib import Path

from testbed.layout import FARM, FARM_HOSTS, WAN
from testbed.namespace import Namespace
from testbed.origins import wait_for_port
from testbed.process import Process


class HaproxyEdge:
    """Gives the edge's kernel what Sluice has while it runs, and takes it away at the end."""

    def __init__(self, edge: Namespace, directory: Path, sections: str) -> None:
        """`sections` are HAProxy's defaults, frontends and backends; the frontend binds WAN:80."""
        self._edge = edge
        self._directory = directory / "haproxy"
        self._sections = sections
        self._process: Process | None = None

    def __enter__(self) -> HaproxyEdge:
        self._add_addresses()
        self._directory.mkdir(parents=True, exist_ok=True)
        config = self._directory / "haproxy.cfg"
        config.write_text(f"global\n  nbthread 1\n  maxconn 4096\n{self._sections}")
        self._process = self._edge.start(
            "haproxy", ["haproxy", "-db", "-f", config], self._directory / "log"
        )
        wait_for_port(self._edge, WAN, 80, self._process)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.running:
            self._process.kill()
        for interface in ("wan", *(host.name for host in FARM_HOSTS)):
            self._edge.run(["ip", "address", "flush", "dev", interface])

    def _add_addresses(self) -> None:
        self._edge.add_addresses("wan", [f"{WAN}/24"])
        for host in FARM_HOSTS:
            self._edge.add_addresses(host.name, [f"{FARM}/32"])
            self._edge.run(
                ["ip", "route", "replace", f"{host.ipv4}/32", "dev", host.name, "src", FARM]
            )
