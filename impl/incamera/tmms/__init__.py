"""The meeting management server: accounts, sessions, meetings, and the HTTP API through which people use them."""

from incamera.tmms.accounts import Account, BadName, create_account, list_accounts
from incamera.tmms.deadlines import NoSuchDeadline
from incamera.tmms.passphrase import WeakPassphrase, generate_passphrase
from incamera.tmms.server import Tmms

__all__ = [
    "Account",
    "BadName",
    "NoSuchDeadline",
    "Tmms",
    "WeakPassphrase",
    "create_account",
    "generate_passphrase",
    "list_accounts",
]
