"""What the tests that share a Sluice run with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    workers: int
    tls_records: str = "own"


# With two workers on ports of a single queue.
ONE_WORKER = "1-worker"
VARIANTS = {ONE_WORKER: Variant(1), "2-workers": Variant(2)}
# Also for modules that set WITH_BOTH_RECORD_LAYERS.
OPENSSL_RECORDS = {"openssl-records": Variant(2, "openssl")}
