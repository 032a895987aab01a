"""Servers of the farm that speak TLS, well or not: nginx, and our own for what it does not do."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path

from testbed.certificates import Authority
from testbed.layout import ORIGIN_HOST, WEB1, FarmHost
from testbed.namespace import Namespace
from testbed.origins import page_of, wait_for_port
from testbed.process import Process

GOOD_PORT = 9001
STRANGER_PORT = 9002
EXPIRED_PORT = 9003
WRONG_NAME_PORT = 9004
MUTUAL_PORT = 9005
TLS12_PORT = 9006
SPECIAL_PORT = 9007
STRICT_PORT = 9008


@dataclass(frozen=True)
class Handled:
    """A request as nginx saw it."""

    port: int
    version: str
    resumed: bool
    server_name: str
    connection: int
    client: str


class SecureOrigins:
    """On one host of the farm, each on a port of its own: nginx with the right certificate, with
    ones that should not be trusted, with one that asks for a client's, with TLS 1.2 alone; and the
    special server, which also demands a client's certificate on the strict port."""

    def __init__(
        self, namespace: Namespace, directory: Path, authority: Authority, files: Path,
        host: FarmHost = WEB1,
    ) -> None:  # fmt: skip
        self.host = host
        self._namespace = namespace
        self._directory = directory / "secure"
        self._authority = authority
        self._files = files
        self._log = self._directory / "handled.log"
        self._processes: list[Process] = []
        self._certificates: dict[int, Path] = {}
        # What a client shows to those that ask.
        self.client_certificate = Path()

    def start(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._issue()
        config = self._directory / "nginx.conf"
        config.write_text(self._config())
        words = ["nginx", "-p", self._directory, "-c", config, "-e", self._directory / "error.log"]
        self._start("secure nginx", words, GOOD_PORT)
        special = [sys.executable, "-m", "testbed.special_server", "--name", "secure"]
        special += ["--certificate", str(self._certificates[GOOD_PORT])]
        self._start("secure special", [*special, "--port", str(SPECIAL_PORT)], SPECIAL_PORT)
        strict = ["--authority", str(self._authority.certificate), "--port", str(STRICT_PORT)]
        self._start("strict special", [*special, *strict], STRICT_PORT)

    def stop(self) -> None:
        for process in self._processes:
            if process.running:
                process.stop()
        self._processes.clear()

    def handled(self) -> list[Handled]:
        """The requests so far."""
        handled = []
        with contextlib.suppress(FileNotFoundError):
            for line in self._log.read_text().splitlines():
                port, version, resumed, name, connection, client = line.split("|")
                handled.append(
                    Handled(int(port), version, resumed == "r", name, int(connection), client)
                )
        return handled

    def _start(self, name: str, words: list[object] | list[str], port: int) -> None:
        log = self._directory / f"{name.replace(' ', '-')}.log"
        environment = {"PYTHONPATH": str(Path(__file__).parent.parent)}
        process = self._namespace.start(name, words, log, environment)
        self._processes.append(process)
        wait_for_port(self._namespace, self.host.ipv4, port, process)

    def _issue(self) -> None:
        stranger = Authority(self._directory / "stranger")
        stranger.create()
        names, addresses = [ORIGIN_HOST], [self.host.ipv4]
        good = self._authority.issue("secure-good", names, addresses)
        self._certificates = {
            GOOD_PORT: good,
            MUTUAL_PORT: good,
            TLS12_PORT: good,
            STRANGER_PORT: stranger.issue("stranger", names, addresses),
            EXPIRED_PORT: self._authority.issue("secure-expired", names, addresses, days=-1),
            WRONG_NAME_PORT: self._authority.issue("secure-other", ["other.sluice.test"]),
        }
        self.client_certificate = self._authority.issue(
            "secure-client", ["edge.sluice.test"], usage="clientAuth"
        )

    def _config(self) -> str:
        servers = "".join(self._server(port) for port in self._certificates)
        scratch = "".join(
            f"  {kind}_temp_path {self._directory}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""
daemon off;
user root;
worker_processes 1;
pid {self._directory}/pid;
error_log {self._directory}/error.log info;
events {{ worker_connections 4096; multi_accept on; }}
http {{
  log_format handled '$server_port|$ssl_protocol|$ssl_session_reused|$ssl_server_name|'
    '$connection|$ssl_client_s_dn';
  access_log {self._log} handled;
  server_tokens off;
  keepalive_timeout 75s;
  keepalive_requests 1000000;
  client_max_body_size 0;
  default_type text/plain;
{scratch}{servers}}}
"""

    def _server(self, port: int) -> str:
        page = page_of(self.host.name).replace("\n", "\\n")
        asks = f"ssl_client_certificate {self._authority.certificate}; ssl_verify_client on;"
        return f"""
  server {{
    listen {port} ssl backlog=4096;
    ssl_certificate {self._certificates[port]};
    ssl_certificate_key {self._certificates[port]};
    ssl_protocols {"TLSv1.2" if port == TLS12_PORT else "TLSv1.2 TLSv1.3"};
    ssl_session_cache off;
    ssl_session_tickets on;
    {asks if port == MUTUAL_PORT else ""}
    location / {{ return 200 "{page}"; }}
    location /files/ {{ alias {self._files}/; }}
  }}
"""
