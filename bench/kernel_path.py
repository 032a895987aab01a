"""nginx behind the kernel's network at its best on two CPUs: two namespaces, joined by a pair of
interfaces, with the kernel's work for each side on its own CPU."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from kernel_link import join, remove_space, run, run_in, set_offloads, softirq_threads, thread_of
from measuring import CLIENT_CPU, SERVER_CPU, Failed, thread_seconds

SERVER = "198.18.1.1"
CLIENT = "198.18.1.2"

# Large buffers, so that a body takes few calls; sendfile cannot be used under TLS.
CONFIGURATION = """
worker_processes 1;
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache max=10 inactive=1h;
  open_file_cache_valid 1h;
  output_buffers 2 512k;
  client_body_temp_path {directory}; proxy_temp_path {directory}; fastcgi_temp_path {directory};
  uwsgi_temp_path {directory}; scgi_temp_path {directory};
  server {{
    listen {server}:443 ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    ssl_buffer_size 16k;
    root {directory}/files;
  }}
}}
"""


class KernelPath:
    """nginx with one worker and one file of zeros, over TLS 1.3 with AES-128-GCM. Needs root."""

    def __init__(self, directory: Path, certificate: Path, size: int, mtu: int = 1500) -> None:
        self._server_space, self._client_space = (f"bench-{end}-{os.getpid()}" for end in "sc")
        # In a namespace of its own a name need not be unique, but a NAPI thread is found by it.
        self._links = (f"bs{os.getpid()}", f"bc{os.getpid()}")
        self._size = size
        self._mtu = mtu
        self._nginx: subprocess.Popen[bytes] | None = None
        self._threads: list[int] = []
        self._directory = directory
        files = directory / "files"
        files.mkdir(exist_ok=True)
        (files / "body").write_bytes(bytes(size))
        (directory / "nginx.conf").write_text(
            CONFIGURATION.format(directory=directory, server=SERVER, certificate=certificate)
        )

    def __enter__(self) -> KernelPath:
        try:
            self._join()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._nginx is not None:
            self._nginx.send_signal(signal.SIGTERM)
            self._nginx.wait(10)
        for name in (self._server_space, self._client_space):
            remove_space(name)

    def _join(self) -> None:
        near, far = self._links
        for name in (self._server_space, self._client_space):
            run("ip", "netns", "add", name)
        join(self._server_space, near, self._client_space, far, self._mtu)
        ends = ((self._server_space, near, SERVER), (self._client_space, far, CLIENT))
        for space, link, address in ends:
            run("ip", "-n", space, "address", "add", f"{address}/24", "dev", link)
            set_offloads(space, link, "tso", "off", "gro", "on")
        self._threads = [thread_of(self._server_space, near, SERVER_CPU)]
        self._threads += softirq_threads(SERVER_CPU)
        thread_of(self._client_space, far, CLIENT_CPU)

    def _start(self) -> None:
        words = ["ip", "netns", "exec", self._server_space, "taskset", "-c", SERVER_CPU]
        words += ["nginx", "-p", self._directory, "-c", self._directory / "nginx.conf"]
        self._nginx = subprocess.Popen([str(word) for word in words], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not (self._directory / "nginx.pid").exists():
            if self._nginx.poll() is not None or time.monotonic() > deadline:
                raise Failed("nginx did not start")
            time.sleep(0.05)

    def _server_seconds(self) -> float:
        assert self._nginx is not None
        return sum(thread_seconds(process) for process in (self._nginx.pid, *self._threads))

    def download(self, seconds: float) -> tuple[int, float]:
        """Bytes of whole bodies that a client has read on 16 connections, and the server's CPU
        time for them."""
        before = self._server_seconds()
        words = ("taskset", "-c", CLIENT_CPU, "wrk", "-t", 1, "-c", 16, "-d", f"{round(seconds)}s")
        text = run_in(self._client_space, *words, f"https://{SERVER}/body")
        used = self._server_seconds() - before
        requests = re.search(r"(\d+) requests in", text)
        if requests is None or "errors" in text or "Non-2xx" in text:
            raise Failed(f"wrk: {text}")
        return int(requests[1]) * self._size, used
