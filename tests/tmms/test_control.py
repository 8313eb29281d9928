"""The testability control: its requests fail as those of the API do, and its accounts may have any passphrase."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from incamera import testability
from incamera.tcs import Tcs

from .conftest import House


@pytest.fixture
async def control(house: House) -> AsyncIterator[httpx.AsyncClient]:
    app = testability.Testability(house.tmms, Tcs(house.journal, house.clock), house.journal, house.clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://tmms.test") as http:
        yield http


async def test_an_account_may_have_any_passphrase(house: House, control: httpx.AsyncClient) -> None:
    body = {"name": "Olga", "passphrase": "short"}
    answer = await control.post("/testability/v1/accounts", json=body)
    assert answer.status_code == 201
    assert (await house.log_in("Olga", "short")).json()["account"] == answer.json()["account"]
    again = await control.post("/testability/v1/accounts", json=body)
    assert (again.status_code, again.json()["rule"]) == (409, "AUTH-004")


async def test_a_request_of_another_form_is_a_problem_that_repeats_nothing(control: httpx.AsyncClient) -> None:
    answer = await control.post("/testability/v1/accounts", json={"name": "Olga", "passphrase": ["secret"]})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert "secret" not in answer.text
