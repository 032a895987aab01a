"""Configurations of Sluice for the testbed, as TOML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testbed.layout import (
    FAR,
    FAR_CLIENT,
    FAR_HOST,
    FARM,
    FARM6,
    FARM_HOSTS,
    GUESTS,
    NOBODY,
    OTHER_HOST,
    WAN,
    WAN6,
    WEB1,
    FarmHost,
)
from testbed.origins import NGINX_PORT, SPECIAL_PORT

Table = dict[str, Any]

_OTHER_ROUTE = {"host": OTHER_HOST, "backend": "shop"}
# To the far host, as a server.
_FAR_ROUTES = [
    {"host": FAR_HOST, "backend": "far"},
    {"host": FAR_HOST, "path": "/special", "backend": "far-special"},
]


@dataclass
class Settings:
    """What differs between one run of Sluice and another."""

    directory: Path
    certificates: Sequence[Path]
    workers: int = 1
    device: str = "af_packet"
    # Receive queues of each port; 0: as many as there are workers, where the device can.
    queues: int = 1
    hugepages: bool | str = False
    max_connections: int = 16384
    # Who protects TLS records: "own" or "openssl".
    tls_records: str = "own"
    # Whether a sanitizer reuses freed memory soon: finds less, and lets what is held be seen.
    lean: bool = False
    guests: bool = False
    # A further interface to the host behind the impaired link, as a client and as a server.
    far: bool = False
    # Further backends; requests for the host NAME.sluice.test are NAME's, unless it is for TCP.
    backends: Sequence[Table] = ()
    # Further frontends.
    frontends: Sequence[Table] = ()
    # [access_log]; without any there is none.
    access_log: Table = field(default_factory=dict)
    # Further admin sockets.
    admins: Sequence[Table] = ()
    # Keys for the HTTPS frontend, beside or in place of its own.
    secure: Table = field(default_factory=dict)
    # Tables that are laid over the generated ones: {"backend": {...}} goes to every [[backend]].
    overlay: Mapping[str, Table] = field(default_factory=dict)
    # A whole configuration, in place of the generated one; its admin socket is admin_socket.
    tables: Table | None = None

    @property
    def admin_socket(self) -> Path:
        return self.directory / "admin.sock"

    def guest_socket(self, name: str) -> Path:
        return self.directory / f"{name}.sock"


def configuration(settings: Settings) -> Table:
    """The farm behind one HTTP and one HTTPS frontend; /special goes to the special server."""
    tables: Table = {
        "sluice": _process(settings),
        "tcp": {},
        "ip": {},
        "interface": [_wan(settings), _farm(settings), *([_far(settings)] if settings.far else [])],
        "frontend": [
            _frontend("www", 80, settings),
            _frontend("www-tls", 443, settings)
            | {"tls.certificate": [str(path) for path in settings.certificates]}
            | settings.secure,
            # Only what has a route is there.
            {"name": "routed", "bind": [f"{WAN}:8080"], "route": [_OTHER_ROUTE]},
            *settings.frontends,
        ],
        "backend": _backends(settings),
        "admin": list(settings.admins),
        **({"access_log": settings.access_log} if settings.access_log else {}),
    }
    for name, keys in settings.overlay.items():
        for table in tables[name] if isinstance(tables[name], list) else [tables[name]]:
            table.update(keys)
    return tables


def _process(settings: Settings) -> Table:
    return {
        "workers": settings.workers,
        "max_connections": settings.max_connections,
        "hugepages": settings.hugepages,
        "admin.socket": str(settings.admin_socket),
        "log.level": "info",
        "tls.records": settings.tls_records,
    }


def _port(settings: Settings, interface: str) -> str:
    queues = f",queues={settings.queues}" if settings.queues else ""
    return f"{settings.device}:{interface}{queues}"


def _wan(settings: Settings) -> Table:
    return {
        "name": "wan",
        "ports": [_port(settings, "wan")],
        "address": [f"{WAN}/24", f"{WAN6}/64"],
    }


def _farm(settings: Settings) -> Table:
    if settings.guests:
        ports = [f"vhost-user:{settings.guest_socket(guest.name)}" for guest in GUESTS]
    else:
        ports = [_port(settings, host.name) for host in FARM_HOSTS]
    return {"name": "farm", "ports": ports, "address": [f"{FARM}/24", f"{FARM6}/64"]}


def _far(settings: Settings) -> Table:
    return {
        "name": "far",
        "ports": [_port(settings, "far")],
        "address": f"{FAR}/24",
        "gateway": FAR_CLIENT,
    }


def _frontend(name: str, port: int, settings: Settings) -> Table:
    far = [f"{FAR}:{port}"] if settings.far else []
    return {
        "name": name,
        "bind": [f"{WAN}:{port}", f"[{WAN6}]:{port}", *far],
        "backend": "farm",
        "timeout.request": "3s",
        "route": [
            {"path": "/special", "backend": "special"},
            {"path": "/absent", "backend": "absent"},
            {"path": "/nobody", "backend": "nobody"},
            {"path": "/ipv6", "backend": "farm6"},
            _OTHER_ROUTE,
            *(_FAR_ROUTES if settings.far else []),
            *(
                {"host": f"{backend['name']}.sluice.test", "backend": backend["name"]}
                for backend in settings.backends
                if backend["name"] not in _tcp_backends(settings)
            ),
        ],
    }


def _tcp_backends(settings: Settings) -> set[str]:
    return {each["backend"] for each in settings.frontends if each.get("mode") == "tcp"}


def _backends(settings: Settings) -> list[Table]:
    hosts: Sequence[FarmHost] = GUESTS if settings.guests else FARM_HOSTS
    farm = [_server(host.name, host.ipv4, NGINX_PORT) for host in hosts]
    farm6 = [_server(host.name, f"[{host.ipv6}]", NGINX_PORT) for host in hosts]
    lists = {
        "farm": farm,
        "farm6": farm6,
        "shop": farm[1:],
        "special": [_server("special", WEB1.ipv4, SPECIAL_PORT)],
        # A host without a listener, and no host at all.
        "absent": [_server("absent", WEB1.ipv4, 9)],
        "nobody": [_server("nobody", NOBODY, NGINX_PORT)],
    }
    if settings.far:
        lists["far"] = [_server("far", FAR_CLIENT, NGINX_PORT)]
        lists["far-special"] = [_server("far-special", FAR_CLIENT, SPECIAL_PORT)]
    backends: list[Table] = [{"name": name, "server": servers} for name, servers in lists.items()]
    for backend in backends:
        if backend["name"] == "special":
            backend["timeout.response"] = "3s"
    return [*backends, *settings.backends]


def _server(name: str, address: str, port: int) -> Table:
    return {"name": name, "address": f"{address}:{port}"}


def to_toml(tables: Table) -> str:
    """Top-level tables and arrays of tables; what is deeper is written inline."""
    lines: list[str] = []
    for name, value in tables.items():
        listed = isinstance(value, list)
        for table in value if listed else [value]:
            lines.append(f"[[{name}]]" if listed else f"[{name}]")
            lines += [f"{key} = {_inline(item)}" for key, item in table.items()]
            lines.append("")
    return "\n".join(lines)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    # Strings, numbers and booleans are written alike in JSON and TOML.
    return json.dumps(value)


