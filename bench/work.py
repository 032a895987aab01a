"""What the proxies that are compared have to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proxied import KEEP_ALIVE

SMALL, LARGE = 100, 1_000_000  # bytes of a body
TLS = ("--tls", "1.3", "--ciphersuites", "TLS_AES_128_GCM_SHA256", "--reuse-key-share", 1000)
EACH_NEW = ("--mode", "request", "-c", 256)


@dataclass(frozen=True)
class Row:
    """One kind of work; `least` is how many times as much as the faster peer does is asked for."""

    title: str
    secure: bool
    options: tuple[object, ...]
    least: float
    size: int = SMALL

    @property
    def unit(self) -> str:
        return "Gbit" if self.size == LARGE else ""

    def done(self, result: dict[str, Any]) -> float:
        """What the row counts, of a load's result."""
        if self.size == LARGE:
            return float(8e-9 * self.size * result["responses"])
        return float(result["responses"])


NEW = Row("new connection and request", False, EACH_NEW, 10)
KEPT = Row("keep-alive request", False, KEEP_ALIVE, 10)
KEPT_TLS = Row("TLS keep-alive request", True, (*KEEP_ALIVE, *TLS), 6)
ROWS = (
    NEW,
    KEPT,
    KEPT_TLS,
    Row("TLS full handshake, request", True, (*EACH_NEW, *TLS), 2),
    Row("TLS resumed, request", True, ("--mode", "resume", "-c", 256, *TLS), 2.5),
    Row("TLS download, Gbit", True, ("--mode", "throughput", "-c", 16, *TLS), 2, LARGE),
)
