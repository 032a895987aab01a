"""The whole testbed: hosts, certificates, the farm's servers and the Sluice between."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

from testbed.certificates import Authority
from testbed.client import Client
from testbed.configuration import Settings
from testbed.guest_image import guest_image
from testbed.guests import Guest
from testbed.layout import (
    FARM_HOSTS,
    GUESTS,
    HOST,
    ORIGIN_HOST,
    OTHER_HOST,
    WAN,
    WAN6,
    WEB1,
    Layout,
)
from testbed.origins import NginxOrigin, SpecialOrigin, payload_file
from testbed.sluice import Sluice

ROOT = Path(__file__).resolve().parents[2]
# Made once and kept: guest images, large files.
CACHE = ROOT / "build-testbed"


class Testbed:
    """One testbed; `prefix` tells it from others on the machine.

    What its programs write lies in `directory`, which holds the last run's.
    """

    __test__ = False

    def __init__(self, prefix: str) -> None:
        self.layout = Layout(prefix)
        self.directory = Path(f"/run/sluice-{prefix}")
        self.files = CACHE / "files"
        self.authority = Authority(self.directory / "ca")
        self.origins: dict[str, NginxOrigin] = {}
        self.client = Client(self.layout.client, self.authority)
        self.far_client = Client(self.layout.far, self.authority)
        self.certificates: list[Path] = []
        self.special: SpecialOrigin | None = None
        self._sluice: Sluice | None = None
        self._runs = itertools.count(1)

    def create(self) -> None:
        """Hosts, links and certificates; nothing of an earlier run is left then."""
        self.layout.claim()
        self.layout.create()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self.authority.create()
        self.certificates = [
            self.authority.issue("www", [HOST], [WAN, WAN6]),
            self.authority.issue("shop", [OTHER_HOST]),
        ]

    def start_origins(self) -> None:
        addresses = [host.ipv4 for host in FARM_HOSTS]
        certificate = self.authority.issue("origin", [ORIGIN_HOST], addresses)
        for host in FARM_HOSTS:
            namespace = self.layout.farm[host.name]
            origin = NginxOrigin(host, namespace, self.directory, self.files, certificate)
            origin.start()
            self.origins[host.name] = origin

    def start_special(self) -> None:
        self.special = SpecialOrigin(WEB1, self.layout.farm[WEB1.name], self.directory)
        self.special.start()

    def payload(self, size: int) -> str:
        """Makes a file of that size on every origin; returns its path at the origins."""
        return f"/files/{payload_file(self.files, size)}"

    def start_sluice(self, program: Path, **settings: Any) -> Sluice:
        """Starts a Sluice in the place of the one before it; settings as Settings has them."""
        self.stop_sluice()
        directory = self.directory / f"sluice-{next(self._runs)}"
        sluice = Sluice(
            program, self.layout.edge, Settings(directory, self.certificates, **settings)
        )
        self._sluice = sluice
        sluice.start()
        return sluice

    def stop_sluice(self) -> None:
        """Ends the one that runs; raises TestbedError when it does not end well."""
        sluice, self._sluice = self._sluice, None
        if sluice is not None and sluice.running:
            sluice.stop()

    @property
    def sluice(self) -> Sluice | None:
        return self._sluice

    def guests(self, sluice: Sluice) -> list[Guest]:
        """The guests for a Sluice that was started with `guests=True`; none is booted yet."""
        image = guest_image(CACHE / "guest")
        return [
            Guest(
                address,
                image,
                sluice.settings.guest_socket(address.name),
                self.layout.edge,
                sluice.settings.directory,
            )
            for address in GUESTS
        ]

    def destroy(self, keep_logs: bool = True) -> None:
        """Ends all of it; does not fail on what is already gone."""
        try:
            self.stop_sluice()
        finally:
            self.layout.destroy()
            if not keep_logs:
                shutil.rmtree(self.directory, ignore_errors=True)
            self.layout.release()
