"""Thousands of certificates in seconds: one key for all, and signatures made in this process."""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from testbed.certificates import Authority


class CertificateMill:
    """Signs certificates with an authority's key."""

    def __init__(self, authority: Authority) -> None:
        self._authority = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
        signer = serialization.load_pem_private_key(authority.key.read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        self._signer = signer
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._key_pem = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self._from = datetime.datetime.utcnow() - datetime.timedelta(minutes=5)

    def pem(self, host: str, serial: int) -> bytes:
        """A key and its certificate for a host."""
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]))
            .issuer_name(self._authority.subject)
            .public_key(self._key.public_key())
            .serial_number(serial)
            .not_valid_before(self._from)
            .not_valid_after(self._from + datetime.timedelta(days=30))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(self._signer, hashes.SHA256())
        )
        return self._key_pem + certificate.public_bytes(serialization.Encoding.PEM)

    def fill(self, directory: Path, hosts: list[str]) -> None:
        """A file for each host, "<host>.pem", with serial numbers from 1 on."""
        directory.mkdir(parents=True, exist_ok=True)
        for serial, host in enumerate(hosts, 1):
            (directory / f"{host}.pem").write_bytes(self.pem(host, serial))
