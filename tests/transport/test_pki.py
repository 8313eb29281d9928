"""The private certification authority."""

import hashlib
import ipaddress
import resource
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store

from incamera.transport import Authority, Identity, IdentityUnusable, Trust


def test_a_leaf_verifies_against_its_authority_alone(authority: Authority, identity: Identity) -> None:
    for subject in (x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("::1"))):
        ours = Store(x509.load_pem_x509_certificates(authority.certificate_pem))
        assert PolicyBuilder().store(ours).build_server_verifier(subject).verify(identity.leaf, [])
        others = Store(x509.load_pem_x509_certificates(Authority.create("another").certificate_pem))
        with pytest.raises(x509.verification.VerificationError):
            PolicyBuilder().store(others).build_server_verifier(subject).verify(identity.leaf, [])


def test_a_leaf_is_what_browsers_trust_by_hash(authority: Authority) -> None:
    leaf = authority.issue(["tcs.example", "192.0.2.7"]).leaf
    key = leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=14)
    assert leaf.not_valid_before_utc < datetime.now(UTC) < leaf.not_valid_after_utc
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["tcs.example", "localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.7", "127.0.0.1", "::1"]


def test_the_fingerprint_is_of_the_der(identity: Identity) -> None:
    der = identity.leaf.public_bytes(serialization.Encoding.DER)
    assert identity.fingerprint == hashlib.sha256(der).hexdigest()


def test_days_are_the_whole_validity(authority: Authority) -> None:
    leaf = authority.issue(days=3).leaf
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=3)


def test_saved_and_loaded_it_goes_on_issuing(authority: Authority, tmp_path: Path) -> None:
    path = authority.save(tmp_path)
    loaded = Authority.load(tmp_path)
    assert loaded.path == authority.path == path == tmp_path / "ca.pem"
    assert loaded.certificate_pem == authority.certificate_pem
    leaf = loaded.issue().leaf
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate_pem))


def test_keys_are_for_their_owner_alone(authority: Authority, tmp_path: Path) -> None:
    authority.save(tmp_path)
    (tmp_path / "server-key.pem").write_text("an old one")
    (tmp_path / "server-key.pem").chmod(0o644)
    authority.issue().save(tmp_path)
    for name in ("ca-key.pem", "server-key.pem"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("room", [0, 260])
def test_a_disk_that_is_full_leaves_no_half_of_an_authority(authority: Authority, tmp_path: Path, room: int) -> None:
    """With room for nothing, or for the key and a part of the certificate; where `ca.pem` lies, it is whole."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            authority.save(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {file.name for file in tmp_path.iterdir()} <= {"ca-key.pem"}
    authority.save(tmp_path)
    assert Authority.load(tmp_path).certificate_pem == authority.certificate_pem


def test_an_identity_survives_the_disk(authority: Authority, tmp_path: Path) -> None:
    identity = authority.issue()
    identity.save(tmp_path)
    assert Identity.load(tmp_path) == identity


def test_a_key_does_not_show_in_a_repr(identity: Identity) -> None:
    assert "PRIVATE" not in repr(identity)


def test_what_is_missing_or_foreign_is_unusable(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(IdentityUnusable):
        Authority.load(tmp_path)
    with pytest.raises(IdentityUnusable):
        Identity.load(tmp_path)
    authority.issue().save(tmp_path)
    (tmp_path / "server-key.pem").write_bytes(authority.issue().private_key)
    with pytest.raises(IdentityUnusable):
        Identity.load(tmp_path)


def test_trust_takes_a_file_or_its_text(authority: Authority, ca_file: Path) -> None:
    text = authority.certificate_pem.decode()
    assert (
        Trust.authority(ca_file)
        == Trust.authority(str(ca_file))
        == Trust.authority(text)
        == Trust.authority(text.encode())
    )
    with pytest.raises(IdentityUnusable):
        Trust.authority(ca_file / "nowhere")
    with pytest.raises(IdentityUnusable):
        Trust.authority(b"nonsense")
