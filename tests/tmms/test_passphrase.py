"""New passphrases, and what the operator does with accounts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import trio

from incamera.journal import Journal, Refusal
from incamera.tmms import BadName, WeakPassphrase, create_account, generate_passphrase, list_accounts, passphrase
from incamera.tmms.passphrase import TooManyWaiting, Verifier, hash_new
from incamera.wire import limits

from .conftest import PASSPHRASE


def test_a_generated_passphrase_satisfies_the_rule_and_differs_each_time() -> None:
    made = {generate_passphrase() for _ in range(100)}
    assert len(made) == 100
    for words in made:
        assert re.fullmatch("[a-z]{5}(-[a-z]{5}){5}", words)
        assert len(words) >= limits.PASSPHRASE_MIN_CHARS


def test_a_generated_passphrase_has_at_least_eighty_bits() -> None:
    assert len(set(passphrase._CONSONANTS)) == 16
    assert len(set(passphrase._VOWELS)) == 4
    bits_of_word = 3 * math.log2(16) + 2 * math.log2(4)
    assert passphrase._WORDS * bits_of_word >= 80


@pytest.mark.parametrize("words", ["", "x" * 20, "ﬁ" * 10, "y\u0308" * 20])
def test_a_short_passphrase_is_refused_whatever_its_encoding(words: str) -> None:
    with pytest.raises(WeakPassphrase, match="at least 21 characters"):
        hash_new(words)


def test_a_passphrase_is_counted_in_normal_form() -> None:
    assert hash_new("ﬁ" * 11).startswith("$argon2id$")  # 22 letters


def test_an_endless_passphrase_is_refused() -> None:
    with pytest.raises(WeakPassphrase, match="at most 1024 characters"):
        hash_new("x" * 1025)


def test_the_same_passphrase_never_has_the_same_hash() -> None:
    assert hash_new(PASSPHRASE) != hash_new(PASSPHRASE)


async def test_nobody_is_verified_without_an_account() -> None:
    verifier = Verifier()
    assert await verifier.verify(hash_new(PASSPHRASE), PASSPHRASE)
    assert not await verifier.verify(hash_new(PASSPHRASE), PASSPHRASE + ".")
    assert not await verifier.verify(None, PASSPHRASE)


async def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are checked at once, three wait, and the sixth is sent away."""
    verifier = Verifier(at_once=2, waiting=3)
    checking, most, stored = 0, 0, hash_new(PASSPHRASE)
    equal: Callable[[str, str], bool] = passphrase._equal

    def counted(stored: str, words: str) -> bool:
        nonlocal checking, most
        checking += 1
        most = max(most, checking)
        try:
            return equal(stored, words)
        finally:
            checking -= 1

    monkeypatch.setattr(passphrase, "_equal", counted)
    outcomes: list[Any] = []

    async def verify() -> None:
        try:
            outcomes.append(await verifier.verify(stored, PASSPHRASE))
        except TooManyWaiting:
            outcomes.append("sent away")

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(verify)
    assert sorted(outcomes, key=str) == [True] * 5 + ["sent away"]
    assert most <= 2


def test_an_account_is_created_and_listed(journal: Journal) -> None:
    p = create_account(journal, "paul", PASSPHRASE)
    o = create_account(journal, " Olga ", PASSPHRASE)
    assert [(account.id, account.name, account.state) for account in list_accounts(journal)] == [
        (o, "Olga", "active"),
        (p, "paul", "active"),
    ]
    assert [(r.action, r.params) for r in journal.records(after=0)] == [
        ("CreateAccount", {"a": p}),
        ("CreateAccount", {"a": o}),
    ]


@pytest.mark.parametrize("name", ["Olga", "OLGA", "Ｏｌｇａ", "olga "])
def test_a_name_is_given_only_once(journal: Journal, name: str) -> None:
    a = create_account(journal, "Olga", PASSPHRASE)
    with pytest.raises(Refusal) as refused:
        create_account(journal, name, PASSPHRASE)
    assert refused.value.rule == "AUTH-004"
    assert len(list_accounts(journal)) == 1
    last = list(journal.records())[-1]
    assert (last.action, last.params, last.outcome, last.rule) == ("CreateAccount", {"a": a}, "refused", "AUTH-004")


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 65, "\x7f"])
def test_a_name_that_is_none_is_refused(journal: Journal, name: str) -> None:
    with pytest.raises(BadName, match="1 to 64 printable characters"):
        create_account(journal, name, PASSPHRASE)


def test_a_weak_passphrase_makes_no_account(journal: Journal) -> None:
    with pytest.raises(WeakPassphrase):
        create_account(journal, "Olga", "too short")
    assert list_accounts(journal) == ()
    assert len(list(journal.records())) == 1


def test_the_store_has_no_passphrase(journal: Journal) -> None:
    create_account(journal, "Olga", PASSPHRASE)
    assert PASSPHRASE not in repr(list_accounts(journal))
    assert "argon2" not in repr(list_accounts(journal))
    journal.close()
    for file in journal.path.parent.iterdir():
        assert PASSPHRASE.encode() not in file.read_bytes()
