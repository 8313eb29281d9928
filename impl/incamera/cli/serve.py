"""`incamera serve`: run TMMS and TCS until told to stop."""

from __future__ import annotations

import logging
import signal
from pathlib import Path
from typing import Annotated

import trio
import typer

from incamera.cli.terminal import Data, announce_serving, console, log_to_stderr, withdraw_serving


def serve(
    data: Data,
    host: Annotated[str, typer.Option(help="Address to listen on; :: is every IPv4 and IPv6 address.")] = "::",
    port: Annotated[int, typer.Option(min=0, max=65535, help="For UDP and TCP alike; 0 takes a free one.")] = 443,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A host name or address that clients use; may be repeated.")
    ] = None,
    testability: Annotated[
        bool, typer.Option("--testability", help="Open the conformance control (loopback only, never in production).")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
) -> None:
    """Serve meetings: users, meetings and tickets over HTTP/3, rooms over WebTransport, on one port.

    Ctrl-C or SIGTERM stops it cleanly.
    """
    log_to_stderr(logging.ERROR if quiet else logging.INFO)
    trio.run(_serve, data, host, port, tuple(name or ()), testability, quiet)


async def _serve(folder: Path, host: str, port: int, names: tuple[str, ...], testability: bool, quiet: bool) -> None:
    from incamera import server
    from incamera.transport import PortForbidden

    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        try:
            async with server.run(folder, host=host, port=port, names=names, testability=testability) as running:
                announce_serving(folder, running.port)
                if not quiet:
                    console.print(f"[bold green]In Camera[/] is open at [bold]https://localhost:{running.port}[/]")
                    console.print(f"  clients trust   {running.ca}", soft_wrap=True, markup=False)
                    console.print(f"  data and log    {folder}", soft_wrap=True, markup=False)
                    if testability:
                        console.print("  [yellow]testability control is open: for conformance runs only[/]")
                    console.print("  Ctrl-C closes it.")
                try:
                    async for _ in signals:
                        break
                finally:
                    withdraw_serving(folder)
        except PortForbidden as error:
            raise PortForbidden(f"{error} Try --port 8443.") from error
    if not quiet:
        console.print("Closed; nothing was lost.")
