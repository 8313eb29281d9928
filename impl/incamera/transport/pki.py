"""A private certification authority, made on the spot.

Keys are ECDSA P-256 and leaves live at most a fortnight, which is what a browser demands of a certificate it trusts
by hash (WebTransport ``serverCertificateHashes``). Private keys are written for their owner alone (mode 0600).
"""

import hashlib
import ipaddress
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .clock import Clock, SystemClock
from .errors import TransportError

CA_FILE = "ca.pem"
CA_KEY_FILE = "ca-key.pem"
LEAF_FILE = "server.pem"
LEAF_KEY_FILE = "server-key.pem"
LEAF_DAYS = 14
"""The most a browser accepts for a certificate trusted by its hash, counted from ``not_valid_before``."""
AUTHORITY_DAYS = 3650
SKEW = timedelta(hours=1)
"""Certificates begin this long ago, for clients whose clocks are behind."""
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_DNS_NAME = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class NameUnusable(TransportError):
    """No certificate can be made out to that name."""


class IdentityUnusable(TransportError):
    """A certificate or key on disk is missing or unreadable."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate chain, leaf first, and the leaf's private key, both PEM."""

    certificate_chain: bytes
    private_key: bytes

    def __repr__(self) -> str:
        return f"Identity(sha256={self.fingerprint})"

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificates(self.certificate_chain)[0]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the leaf's DER in lower-case hex: the value of a ``serverCertificateHashes`` entry."""
        return self.leaf.fingerprint(hashes.SHA256()).hex()

    @property
    def key_fingerprint(self) -> str:
        """SHA-256 of the leaf's public key (SubjectPublicKeyInfo) in lower-case hex: a pin that survives renewal."""
        public = self.leaf.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return hashlib.sha256(public).hexdigest()

    @property
    def expires(self) -> datetime:
        """End of the leaf's validity, in UTC."""
        return self.leaf.not_valid_after_utc

    def save(self, folder: Path) -> None:
        """Write ``server.pem`` and ``server-key.pem``."""
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / LEAF_KEY_FILE, self.private_key, 0o600)
        _write(folder / LEAF_FILE, self.certificate_chain, 0o644)

    @classmethod
    def load(cls, folder: Path) -> "Identity":
        """Read what `save` wrote; `IdentityUnusable` if it is missing or broken."""
        try:
            identity = cls((folder / LEAF_FILE).read_bytes(), (folder / LEAF_KEY_FILE).read_bytes())
            _check_pair(identity.leaf, _load_key(identity.private_key))
        except (OSError, ValueError, IndexError) as error:
            raise IdentityUnusable(f"No usable certificate and key in {folder}.") from error
        return identity


class Authority:
    """A private CA. Keep it apart from the servers whose certificates it issues."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, clock: Clock) -> None:
        self._certificate = certificate
        self._key = key
        self._clock = clock
        self.path: Path | None = None
        """Where ``ca.pem`` lies, once saved or loaded: what clients are given to trust."""

    @classmethod
    def create(cls, name: str, *, clock: Clock | None = None) -> "Authority":
        """Make a new key and a self-signed certificate with the common name ``name``."""
        clock = clock if clock is not None else SystemClock()
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _common_name(name)
        begin = clock.now() - SKEW
        certificate = (
            _builder(subject, subject, key.public_key(), begin, begin + timedelta(days=AUTHORITY_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(sign_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key, clock)

    @classmethod
    def load(cls, folder: Path, *, clock: Clock | None = None) -> "Authority":
        """Read what `save` wrote; `IdentityUnusable` if it is missing or broken."""
        try:
            certificate = x509.load_pem_x509_certificate((folder / CA_FILE).read_bytes())
            key = _load_key((folder / CA_KEY_FILE).read_bytes())
            _check_pair(certificate, key)
        except (OSError, ValueError) as error:
            raise IdentityUnusable(f"No usable certification authority in {folder}.") from error
        authority = cls(certificate, key, clock if clock is not None else SystemClock())
        authority.path = folder / CA_FILE
        return authority

    def save(self, folder: Path) -> Path:
        """Write ``ca.pem`` and ``ca-key.pem`` and return the path of the former."""
        folder.mkdir(parents=True, exist_ok=True)
        # The certificate last: where it lies, there is an authority.
        _write(folder / CA_KEY_FILE, _key_pem(self._key), 0o600)
        _write(folder / CA_FILE, self.certificate_pem, 0o644)
        self.path = folder / CA_FILE
        return self.path

    @property
    def certificate_pem(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, names: Iterable[str] = (), *, days: int = LEAF_DAYS) -> Identity:
        """A server certificate, valid for ``days``, for ``names`` (DNS names and addresses) and for this machine.

        Raises `NameUnusable`.
        """
        wanted = list(dict.fromkeys([*names, *LOCAL_NAMES]))
        alternatives = [_general_name(name) for name in wanted]
        key = ec.generate_private_key(ec.SECP256R1())
        begin = self._clock.now() - SKEW
        certificate = (
            _builder(
                _common_name(wanted[0]),
                self._certificate.subject,
                key.public_key(),
                begin,
                begin + timedelta(days=days),
            )
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(sign_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Identity(certificate.public_bytes(serialization.Encoding.PEM) + self.certificate_pem, _key_pem(key))


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom a client believes: one private CA, or the machine's list."""

    authorities: bytes | None
    """PEM certificates, or None for the machine's list."""

    @classmethod
    def authority(cls, source: Path | str | bytes) -> "Trust":
        """Trust the CA in a PEM file, or given as PEM text; `IdentityUnusable` if there is none."""
        try:
            pem = source if isinstance(source, bytes) else _text_or_file(source)
            x509.load_pem_x509_certificates(pem)
        except (OSError, ValueError) as error:
            raise IdentityUnusable("The certificate of the certification authority cannot be read.") from error
        return cls(pem)

    @classmethod
    def system(cls) -> "Trust":
        """Trust the CAs this machine trusts."""
        return cls(None)


def _text_or_file(source: Path | str) -> bytes:
    if isinstance(source, str) and source.lstrip().startswith("-----BEGIN"):
        return source.encode("ascii")
    return Path(source).read_bytes()


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        ascii_name = name.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_name = ""
    if not _DNS_NAME.fullmatch(ascii_name):
        raise NameUnusable(f"No certificate can be made out to the name {name!r}.")
    return x509.DNSName(ascii_name)


def _key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not an elliptic-curve key")  # noqa: TRY004 - a wrong file, not a wrong argument
    return key


def _check_pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    if certificate.public_key() != key.public_key():
        raise ValueError("certificate and key do not belong together")


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a file durably and as a whole, or leave what was there: whatever happens in between, no half is found."""
    draft = path.with_name(f".{path.name}.new")
    # A new file each time: writing into an old one would keep its mode, and whoever has it open.
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
