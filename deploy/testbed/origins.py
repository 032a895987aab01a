"""The servers of the farm: nginx, and a server of our own for what nginx does not do."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path

from testbed.layout import FarmHost
from testbed.namespace import Namespace
from testbed.payload import pieces
from testbed.process import Process, TestbedError, wait_for

NGINX_PORT = 80
NGINX_TLS_PORT = 443
SPECIAL_PORT = 8080


def page_of(name: str) -> str:
    """What a server of the farm answers at /, and by which a client knows it."""
    return f"This page comes from {name}.\n"


class NginxOrigin:
    """A real nginx on a host of the farm.

    / names the host; /files/... are the given files; /slow/... the same at 256 KiB/s;
    /counted is logged, a line for each request in `counted_log`, which ends in " r" when its
    connection resumed a TLS session; /status is stub_status. The same by TLS on port 443.
    """

    def __init__(
        self, host: FarmHost, namespace: Namespace, directory: Path, files: Path, certificate: Path
    ) -> None:
        self.host = host
        self._namespace = namespace
        self._directory = directory / f"nginx-{host.name}"
        self._files = files
        self._certificate = certificate
        self.counted_log = self._directory / "counted.log"
        self.process: Process | None = None

    def start(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        config = self._directory / "nginx.conf"
        config.write_text(self._config())
        words = ["nginx", "-p", self._directory, "-c", config, "-e", self._directory / "error.log"]
        self.process = self._namespace.start(
            f"nginx on {self.host.name}", words, self._directory / "log"
        )
        wait_for_port(self._namespace, self.host.ipv4, NGINX_PORT, self.process)

    def stop(self) -> None:
        if self.process is not None and self.process.running:
            self.process.stop()

    def kill(self) -> None:
        """As a crash of the host's server: every process of nginx at once."""
        if self.process is None:
            return
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        self.process.kill()
        for pid in children.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), 9)

    def _config(self) -> str:
        page = page_of(self.host.name).replace("\n", "\\n")
        scratch = "".join(
            f"  {kind}_temp_path {self._directory}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""
daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {self._directory}/pid;
error_log {self._directory}/error.log warn;
events {{ worker_connections 8192; multi_accept on; }}
http {{
  access_log off;
  log_format counted '$remote_addr "$request" $status $ssl_protocol $ssl_session_reused';
  server_tokens off;
  sendfile on;
  tcp_nodelay on;
  keepalive_timeout 75s;
  keepalive_requests 1000000;
  client_max_body_size 0;
{scratch}
  server {{
    listen {NGINX_PORT} backlog=8192;
    listen [::]:{NGINX_PORT} backlog=8192;
    listen {NGINX_TLS_PORT} ssl backlog=8192;
    ssl_certificate {self._certificate};
    ssl_certificate_key {self._certificate};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache off;
    ssl_session_tickets on;
    default_type text/plain;
    location = / {{ return 200 "{page}"; }}
    location = /ipv6 {{ return 200 "{page}"; }}
    location = /empty {{ return 204; }}
    location = /counted {{ access_log {self.counted_log} counted; return 200 "{page}"; }}
    location = /status {{ stub_status; }}
    location /files/ {{ alias {self._files}/; }}
    location /slow/ {{ alias {self._files}/; limit_rate 256k; }}
  }}
}}
"""


class SpecialOrigin:
    """Our own server on a host of the farm; special_server.py says what it does."""

    def __init__(self, host: FarmHost, namespace: Namespace, directory: Path) -> None:
        self.host = host
        self._namespace = namespace
        self._log = directory / f"special-{host.name}.log"
        self.process: Process | None = None

    def start(self) -> None:
        words = [sys.executable, "-m", "testbed.special_server"]
        words += ["--name", self.host.name, "--port", str(SPECIAL_PORT)]
        environment = {"PYTHONPATH": str(Path(__file__).parent.parent)}
        self.process = self._namespace.start(
            f"special server on {self.host.name}", words, self._log, environment
        )
        wait_for_port(self._namespace, self.host.ipv4, SPECIAL_PORT, self.process)

    def stop(self) -> None:
        if self.process is not None and self.process.running:
            self.process.stop()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()


def wait_for_port(namespace: Namespace, address: str, port: int, process: Process) -> None:
    """Returns when something listens there."""

    def listening() -> bool:
        if not process.running:
            raise TestbedError(f"{process.name} did not start:\n{process.log_text()}")
        try:
            namespace.connect(address, port, timeout=1).close()
        except OSError:
            return False
        return True

    wait_for(listening, f"{process.name} listens on port {port}")


def payload_file(files: Path, size: int) -> str:
    """Makes the file of that size, once, and returns its name in the directory."""
    files.mkdir(parents=True, exist_ok=True)
    name = f"payload-{size}"
    path = files / name
    if not path.exists() or path.stat().st_size != size:
        if shutil.disk_usage(files).free < size + (1 << 28):
            raise TestbedError(f"{files}: not enough room for a file of {size} bytes")
        partial = path.with_suffix(f".{os.getpid()}")
        with partial.open("wb") as output:
            for piece in pieces(size):
                output.write(piece)
        partial.rename(path)
    return name
