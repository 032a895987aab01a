"""A demonstration certificate authority and the certificates it signs, made with openssl."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from testbed.process import run

_DAYS = 30


class Authority:
    """A certificate authority that lives in a directory: ca.pem and ca.key."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.certificate = directory / "ca.pem"
        self.key = directory / "ca.key"

    def create(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        _new_key(self.key, rsa=False)
        run(
            ["openssl", "req", "-x509", "-new", "-key", self.key, "-sha256", "-days", str(_DAYS)]
            + ["-subj", "/CN=Sluice demonstration CA", "-out", self.certificate]
            + ["-addext", "basicConstraints=critical,CA:TRUE"]
            + ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        )

    def issue(
        self,
        name: str,
        hosts: Sequence[str],
        addresses: Sequence[str] = (),
        *,
        days: int = _DAYS,
        usage: str = "serverAuth",
        rsa: bool = False,
    ) -> Path:
        """Signs a certificate for host names and IP addresses, with an ECDSA or RSA key; returns a
        PEM file that holds the key, the certificate and nothing else. With -1 days it has
        expired."""
        key = self.directory / f"{name}.key"
        _new_key(key, rsa)
        alternatives = [f"DNS:{host}" for host in hosts] + [f"IP:{ip}" for ip in addresses]
        with tempfile.TemporaryDirectory() as scratch:
            request, extensions, signed = (Path(scratch, f) for f in ("csr", "ext", "crt"))
            run(["openssl", "req", "-new", "-key", key, "-subj", f"/CN={hosts[0]}", "-out", request])
            extensions.write_text(
                f"subjectAltName={','.join(alternatives)}\n"
                f"basicConstraints=CA:FALSE\nextendedKeyUsage={usage}\n"
            )
            run(
                ["openssl", "x509", "-req", "-in", request, "-CA", self.certificate]
                + ["-CAkey", self.key, "-CAcreateserial", "-days", str(days), "-sha256"]
                + ["-extfile", extensions, "-out", signed]
            )
            bundle = self.directory / f"{name}.pem"
            bundle.write_text(key.read_text() + signed.read_text())
        bundle.chmod(0o600)
        return bundle

    def ocsp_response(self, certificate: Path, response: Path) -> None:
        """Writes what this authority says of one of its certificates: that it is good, for a day."""
        told = run(["openssl", "x509", "-in", certificate, "-noout", "-serial"]).stdout
        serial = told.strip().removeprefix("serial=")
        with tempfile.TemporaryDirectory() as scratch:
            index = Path(scratch, "index")
            index.write_text(f"V\t491231235959Z\t\t{serial}\tunknown\t/CN=any\n")
            run(
                ["openssl", "ocsp", "-index", index, "-CA", self.certificate, "-ndays", "1"]
                + ["-rsigner", self.certificate, "-rkey", self.key, "-issuer", self.certificate]
                + ["-cert", certificate, "-respout", response]
            )


def _new_key(path: Path, rsa: bool) -> None:
    kind = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    if not rsa:
        kind = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    run(["openssl", "genpkey", "-algorithm", *kind, "-out", path])
    path.chmod(0o600)
