"""What a side's node shows the other's: a key for TLS and a certificate under it that nobody else vouches for.

The other node trusts this one certificate and no authority, so that nobody who can have certificates made comes
between them. It names the host at which the node is reached, and serves both ways: to answer and to ask.
"""

from __future__ import annotations

import ipaddress
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from riverloop.apps.nodes import key_files
from riverloop.apps.nodes.here import zone
from riverloop.apps.nodes.words import N_
from riverloop.core.kernel.errors import InputError

_KEY, _CERTIFICATE = "tls_key", "tls_certificate"
_BEFORE = timedelta(days=7)  # a clock that is put back a day leaves it valid
_LASTS = timedelta(days=3_653)  # it is trusted by itself, and replaced when its key is


def key_file(side: str) -> Path:
    """Return the file of the key of a side's node; it is made if there is none."""
    key_files.read(side, _KEY, _new_key())
    return key_files.folder(side) / _KEY


def certificate_file(side: str, host: str) -> Path:
    """Return the file of the certificate of a side's node; the first to ask makes it, for this host."""
    certificate_of(side, host)
    return key_files.folder(side) / _CERTIFICATE


def certificate_of(side: str, host: str) -> str:
    """Return the PEM of the certificate of a side's node; the first to ask makes it, for this host."""
    return key_files.read_held(side, _CERTIFICATE) or key_files.read(side, _CERTIFICATE, _made(side, host))


def certificate_renew(side: str, host: str) -> None:
    """Make a new key and a certificate under it; the other node has to trust it before it is heard again."""
    with key_files.alone(side):
        key_files.write(side, _KEY, _new_key())
        key_files.write(side, _CERTIFICATE, _made(side, host))


def check_certificate(pem: str) -> x509.Certificate:
    """Return a certificate that a node may show.

    Raises:
        InputError: it is none, or runs out.
    """
    try:
        (found,) = x509.load_pem_x509_certificates(pem.encode("ascii"))
    except ValueError:
        raise InputError(
            "nodes.certificate", N_("The certificate cannot be read. Have the other side show its node again.")
        ) from None
    if found.not_valid_after_utc <= datetime.now(UTC):
        raise InputError(
            "nodes.certificate_ended",
            N_("The certificate expired on {day}. Have the other side make a new one: riverloop node show --renew"),
            day=found.not_valid_after_utc.date().isoformat(),
        )
    return found


def hosts_named(pem: str) -> list[str]:
    """Return the hosts that a certificate names."""
    named = check_certificate(pem).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(one.value) for one in named]


def der_of(pem: str) -> bytes:
    """Return a certificate's bytes, by which it is told from every other."""
    return check_certificate(pem).public_bytes(Encoding.DER)


def fingerprint_of(content: bytes) -> str:
    """Return a SHA-256 that two people can read to each other: groups of four hexadecimal digits."""
    text = sha256(content).hexdigest()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _new_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii").strip()


def _made(side: str, host: str) -> str:
    key = load_pem_private_key(key_file(side).read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise InputError("nodes.tls_key", N_("The file is no key of this program. Put it back."), where=_KEY)
    # Named by chance as well: two certificates of one name would be taken for one by whoever looks for an issuer.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{zone().id} {side} {secrets.token_hex(8)}")])
    now = datetime.now(UTC)
    public = key.public_key()
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    both_ways = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + _LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(both_ways, critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode("ascii").strip()


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
