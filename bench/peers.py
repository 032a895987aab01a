"""nginx and HAProxy as proxies, behind the kernel's network at its best on two CPUs: the interfaces'
work runs in threads of its own (NAPI), that of the proxy's on its CPU and counted with it. Clients
and servers are `sluice load` and `sluice serve` at the other ends, on the other CPU."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kernel_link import join, remove_space, run, run_in, set_offloads, softirq_threads, thread_of
from measuring import (
    CLIENT_CPU,
    CLIENTS,
    SERVER,
    SERVER_CPU,
    Failed,
    Load,
    milliseconds,
    only_on,
    resident_memory,
    thread_seconds,
)

PROXY_TO_FARM = "198.18.1.1"
ORIGIN = "198.18.1.2"
# A process may have 20,000 files here; HAProxy wants two for each connection.
CONNECTIONS = 9_000

# One process, no copies on disk, connections to the server kept; logs cost it something, and are off.
NGINX = """
worker_processes 1;
worker_rlimit_nofile {files};
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/nginx-error.log;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_body_temp_path {directory}; proxy_temp_path {directory}; fastcgi_temp_path {directory};
  uwsgi_temp_path {directory}; scgi_temp_path {directory};
  upstream farm {{
    server {origin}:80;
    keepalive 512;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
  }}
  server {{
    listen {server}:80 backlog=65535;
    listen {server}:443 ssl backlog=65535;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    ssl_session_tickets on;
    location / {{
      proxy_pass http://farm;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }}
  }}
}}
"""

HAPROXY = """
global
  nbthread 1
  maxconn {connections}
  ssl-default-bind-options ssl-min-ver TLSv1.3
  ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  http-reuse always
frontend www
  bind {server}:80 backlog 65535
  bind {server}:443 ssl crt {certificate} backlog 65535
  default_backend farm
backend farm
  server origin {origin}:80 pool-max-conn -1 pool-purge-delay 1h
"""

COMMANDS = {
    "nginx": ("nginx.conf", NGINX, ("nginx", "-p", "{directory}", "-c", "{file}")),
    "haproxy": ("haproxy.cfg", HAPROXY, ("haproxy", "-db", "-f", "{file}")),
}


@dataclass(frozen=True)
class Link:
    """A pair of interfaces: the proxy's, and the other one in a namespace of its own."""

    near: str
    address: str
    far: str
    space: str


class PeerProxy:
    """One of COMMANDS with `sluice serve` behind it. Needs root."""

    def __init__(
        self, name: str, program: Path, directory: Path, certificate: Path, size: int
    ) -> None:
        self._name = name
        self._program = program
        self._directory = directory
        self._certificate = certificate
        self._size = size
        own = os.getpid()
        self._space = f"bench-p-{own}"
        # In a namespace of its own a name need not be unique, but a NAPI thread is found by it.
        self._wan = Link(f"bw{own}", SERVER, f"bc{own}", f"bench-c-{own}")
        self._farm = Link(f"bf{own}", PROXY_TO_FARM, f"bo{own}", f"bench-o-{own}")
        self._links = (self._wan, self._farm)
        self._threads: list[int] = []
        self._proxy: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def contending(self) -> Iterator[PeerProxy]:
        with contextlib.ExitStack() as stack:
            stack.callback(self._remove_spaces)
            self._make_spaces()
            stack.enter_context(self._serving())
            stack.enter_context(self._proxying())
            yield self

    def _spaces(self) -> list[str]:
        return [self._space, *(link.space for link in self._links)]

    def _remove_spaces(self) -> None:
        for name in self._spaces():
            remove_space(name)

    def _make_spaces(self) -> None:
        for name in self._spaces():
            run("ip", "netns", "add", name)
        run("ip", "-n", self._space, "link", "set", "lo", "up")
        for link in self._links:
            join(self._space, link.near, link.space, link.far)
            for space, name in ((self._space, link.near), (link.space, link.far)):
                # The far ends are not the kernel's: they need whole checksums and single frames.
                set_offloads(space, name, "tx", "off", "tso", "off", "gso", "off", "gro", "on")
            run("ip", "-n", self._space, "address", "add", f"{link.address}/24", "dev", link.near)
            self._threads.append(thread_of(self._space, link.near, SERVER_CPU))
            thread_of(link.space, link.far, CLIENT_CPU)
        self._threads += softirq_threads(SERVER_CPU)
        ports = "echo 1024 65535 >/proc/sys/net/ipv4/ip_local_port_range"
        backlog = "echo 65535 >/proc/sys/net/core/somaxconn"
        run_in(self._space, "sh", "-c", f"{ports}; {backlog}")

    def _started(
        self, name: str, space: str, *words: object
    ) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
        return _process(
            ["ip", "netns", "exec", space, *map(str, words)], self._directory / f"{name}.log"
        )

    @contextlib.contextmanager
    def _serving(self) -> Iterator[None]:
        words: list[object] = [*only_on(CLIENT_CPU), self._program, "serve", "--cpu", CLIENT_CPU]
        words += ["--share-cpu", "--quiet", "--size", self._size, "--address", f"{ORIGIN}/24"]
        words += ["--device", f"af_xdp:{self._farm.far}"]
        with self._started("origin", self._farm.space, *words):
            yield

    @contextlib.contextmanager
    def _proxying(self) -> Iterator[None]:
        file_name, text, command = COMMANDS[self._name]
        file = self._directory / file_name
        places = {"directory": self._directory, "file": file}
        file.write_text(
            text.format(
                **places,
                server=SERVER,
                origin=ORIGIN,
                certificate=self._certificate,
                connections=CONNECTIONS,
                files=2 * CONNECTIONS,
            )
        )
        words = [word.format(**places) for word in command]
        with self._started(self._name, self._space, *only_on(SERVER_CPU), *words) as process:
            self._proxy = process
            self._wait()
            yield

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        while f"{SERVER}:443" not in run_in(self._space, "ss", "-Hltn"):
            if self._proxy is None or self._proxy.poll() is not None:
                log = self._directory / f"{self._name}.log"
                raise Failed(f"{self._name} ended:\n{log.read_text()}")
            if time.monotonic() > deadline:
                raise Failed(f"{self._name} does not listen")
            time.sleep(0.05)

    def cpu_seconds(self) -> float:
        """Of the proxy and of the kernel's threads that work for it, until now."""
        assert self._proxy is not None
        return sum(thread_seconds(process) for process in (self._proxy.pid, *self._threads))

    def memory(self) -> int:
        """Of the proxy and of the kernel's small objects, sockets among them: no other sockets are
        opened meanwhile."""
        assert self._proxy is not None
        return resident_memory(self._proxy.pid) + kernel_memory()

    def start(self, seconds: float, url: str, *options: object, addresses: str = CLIENTS) -> Load:
        """A load by `sluice load`."""
        results = self._directory / "peer-load.json"
        results.unlink(missing_ok=True)
        words: list[object] = ["ip", "netns", "exec", self._wan.space, *only_on(CLIENT_CPU)]
        words += [self._program, "load", "--cpu", CLIENT_CPU, "--quiet", "--json", results]
        words += ["--share-cpu", "--device", f"af_xdp:{self._wan.far}", "--address", addresses]
        words += ["-d", milliseconds(seconds), *options, url]
        process = subprocess.Popen(
            [str(word) for word in words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        return Load(process, results)


def kernel_memory() -> int:
    """The slab of the whole machine, bytes."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("Slab:"):
            return int(line.split()[1]) * 1024
    raise Failed("/proc/meminfo has no Slab")


@contextlib.contextmanager
def _process(words: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("w") as lines:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=lines)
    try:
        yield process
        if process.poll() is not None:
            raise Failed(f"{log.stem} ended:\n{log.read_text()}")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
