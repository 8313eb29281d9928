"""The composition root."""

from __future__ import annotations

from pathlib import Path

import pytest

from incamera import layout, server
from incamera.journal import FolderInUse
from incamera.transport import Authority, Trust, connect


async def test_an_error_in_the_block_comes_out_as_it_is(tmp_path: Path) -> None:
    async def fail() -> None:
        async with server.run(tmp_path, host="127.0.0.1", port=0):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with server.run(tmp_path, host="127.0.0.1", port=0) as again:
        assert again.port > 0


async def test_the_authority_is_made_once_and_its_key_is_for_nobody_else(tmp_path: Path) -> None:
    async with server.run(tmp_path, host="127.0.0.1", port=0) as running:
        first = running.ca.read_bytes()
    for secret in (layout.store(tmp_path), tmp_path / layout.PKI_FOLDER / "ca-key.pem"):
        assert secret.stat().st_mode & 0o077 == 0
    async with server.run(tmp_path, host="127.0.0.1", port=0, names=("meet.example",)) as running:
        assert running.ca.read_bytes() == first
        assert Authority.load(tmp_path / layout.PKI_FOLDER).certificate_pem == first
        async with connect("127.0.0.1", running.port, trust=Trust.authority(first)) as connection:
            assert (await connection.request("GET", "/tmms/v1/session")).status == 401


async def test_one_server_a_folder(tmp_path: Path) -> None:
    async with server.run(tmp_path, host="127.0.0.1", port=0):
        with pytest.raises(FolderInUse):
            await server.run(tmp_path, host="127.0.0.1", port=0).__aenter__()


@pytest.mark.parametrize("host", ["::", "0.0.0.0", "192.0.2.1"])  # noqa: S104 - which is refused
async def test_a_testability_control_for_others_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(server.ConfigurationRefused, match="only for a loopback address"):
        await server.run(tmp_path / "deployment", host=host, port=0, testability=True).__aenter__()
    assert not layout.ca(tmp_path / "deployment").exists()


async def test_without_testability_there_is_no_such_control(tmp_path: Path) -> None:
    async with server.run(tmp_path, host="127.0.0.1", port=0) as running:
        async with connect("127.0.0.1", running.port, trust=Trust.authority(running.ca)) as connection:
            assert (await connection.request("GET", "/testability/v1/log")).status == 404
