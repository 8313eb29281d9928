"""Passphrases: the rule for new ones, making one up, and Argon2id (RFC 9106).

Neither a passphrase nor a hash appears in any text this module makes.
"""

from __future__ import annotations

import secrets
import unicodedata
from typing import Final

import trio
from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

from incamera.wire import limits

AT_ONCE: Final = 2
"""Passphrases checked at one time; each takes about 30 ms of a core and 19 MiB."""
WAITING: Final = 32
"""Passphrases that may wait to be checked: about half a second's work for two cores."""
RETRY_AFTER_SECONDS: Final = 1

# The second of the equivalent settings that OWASP's Password Storage Cheat Sheet gives for Argon2id.
_ARGON2ID: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)

_CONSONANTS: Final = "bdfghjklmnprstvz"
_VOWELS: Final = "aiou"
_WORDS: Final = 6


class WeakPassphrase(ValueError):
    """A new passphrase is too short or too long; the text is the rule and nothing of the passphrase."""


class TooManyWaiting(Exception):
    """More passphrases wait to be checked than the server is willing to queue; try again in `RETRY_AFTER_SECONDS`."""


def generate_passphrase() -> str:
    """Make up six pronounceable words of sixteen random bits each: 96 bits, 35 characters, such as `lusab-babad-…`.

    The words are D. Wilkerson's proquints (arXiv:0901.4016): consonant, vowel, consonant, vowel, consonant; so no list
    of words is needed, and any two of them sound different.
    """
    return "-".join(
        "".join(secrets.choice(_VOWELS if place % 2 else _CONSONANTS) for place in range(5)) for _ in range(_WORDS)
    )


def hash_new(passphrase: str) -> str:
    """The Argon2id hash (PHC string) of a passphrase somebody wants to have; raises `WeakPassphrase`.

    Takes about 30 ms of computing: not to be called on the event loop.
    """
    normal = _normal(passphrase)
    if len(normal) < limits.PASSPHRASE_MIN_CHARS:
        raise WeakPassphrase(f"A passphrase has at least {limits.PASSPHRASE_MIN_CHARS} characters.")
    if len(passphrase) > limits.PASSPHRASE_MAX_CHARS:
        raise WeakPassphrase(f"A passphrase has at most {limits.PASSPHRASE_MAX_CHARS} characters.")
    return hash_any(passphrase)


def hash_any(passphrase: str) -> str:
    """The same for a passphrase of any length."""
    try:
        return _ARGON2ID.hash(_normal(passphrase))
    except UnicodeEncodeError:
        raise WeakPassphrase("A passphrase consists of whole characters.") from None


class Verifier:
    """Checks passphrases in a few worker threads, with a queue that has an end."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._threads = trio.CapacityLimiter(at_once)
        self._waiting = waiting
        # What a passphrase is compared with when there is no account: as much work, and never equal.
        self._nobody = _ARGON2ID.hash(secrets.token_urlsafe())

    async def verify(self, stored: str | None, passphrase: str) -> bool:
        """Whether `passphrase` is that of the hash `stored`; None takes the same time and is False.

        Raises `TooManyWaiting`.
        """
        if not self._threads.available_tokens and self._threads.statistics().tasks_waiting >= self._waiting:
            raise TooManyWaiting
        equal = await trio.to_thread.run_sync(_equal, stored or self._nobody, passphrase, limiter=self._threads)
        return equal and stored is not None


def _equal(stored: str, passphrase: str) -> bool:
    try:
        return _ARGON2ID.verify(stored, _normal(passphrase))
    except VerifyMismatchError:
        return False


def _normal(passphrase: str) -> str:
    """NFKC, so that the same keys give the same passphrase on every system."""
    return unicodedata.normalize("NFKC", passphrase)
