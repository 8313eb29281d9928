"""The journal: state and audit log in one store, changed together or not at all.

An act is one transaction.  It changes tables and appends the records of the specification's actions that thereby
happened; so an action happened if and only if its record exists, across crashes too.
"""

from incamera.journal.chain import BrokenChain, verify
from incamera.journal.errors import (
    Declined,
    FolderInUse,
    JournalBusy,
    JournalDamaged,
    JournalError,
    JournalFull,
    JournalReadOnly,
    JournalTooNew,
    JournalUnreachable,
    Refusal,
)
from incamera.journal.folder import hold
from incamera.journal.store import Journal, Transaction
from incamera.journal.tables import METADATA, UtcInstant

__all__ = [
    "METADATA",
    "BrokenChain",
    "Declined",
    "FolderInUse",
    "Journal",
    "JournalBusy",
    "JournalDamaged",
    "JournalError",
    "JournalFull",
    "JournalReadOnly",
    "JournalTooNew",
    "JournalUnreachable",
    "Refusal",
    "Transaction",
    "UtcInstant",
    "hold",
    "verify",
]
