"""`incamera user`: accounts, on the deployment's own machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from incamera import layout
from incamera.cli.terminal import Data, Failure, ask_passphrase, console

if TYPE_CHECKING:
    from incamera.journal import Journal

app = typer.Typer(no_args_is_help=True, help="Accounts of the deployment on this machine.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="How people know this person.")],
    data: Data,
    choose: Annotated[bool, typer.Option("--choose", help="Ask for a passphrase instead of generating one.")] = False,
) -> None:
    """Create an account; its generated passphrase is shown once."""
    from incamera.journal import Refusal
    from incamera.tmms import create_account, generate_passphrase
    from incamera.wire.rules import RULES

    if choose:
        passphrase = ask_passphrase(f"Passphrase for {name}: ")
        if console.is_terminal and ask_passphrase("Once more: ") != passphrase:
            raise Failure("the two passphrases differ")
    else:
        passphrase = generate_passphrase()

    def tell(account: str) -> None:
        console.print(f"[green]{escape(name)}[/] has the account {account}")
        if not choose:
            console.print(f"Passphrase, shown only now: [bold]{passphrase}[/]", soft_wrap=True)
        sys.stdout.flush()

    with open_journal(data) as journal:
        try:
            create_account(journal, name, passphrase, tell=tell)
        except Refusal as refusal:
            raise Failure(f"{RULES[refusal.rule].sentence} [{refusal.rule}]") from None


@app.command("list")
def list_(data: Data) -> None:
    """Show the accounts."""
    from incamera.tmms import list_accounts

    with open_journal(existing(data)) as journal:
        accounts = list_accounts(journal)
    table = Table("name", "state", "account")
    for account in accounts:
        table.add_row(escape(account.name), account.state, account.id)
    console.print(table if accounts else "There are no accounts yet: incamera user add NAME")


def existing(data: Path) -> Path:
    """The folder, if there is a deployment in it; raises `Failure`."""
    if not (data / layout.STORE_FILE).exists():
        raise Failure(f"there is no deployment in {data}")
    return data


def open_journal(data: Path) -> Journal:
    """The deployment's journal, also while a server works on it."""
    from incamera.journal import Journal
    from incamera.transport import SystemClock

    return Journal.open(layout.store(data), clock=SystemClock(), server="tmms-1")
