"""The one thing the endpoint needs of a network: a socket for datagrams.

`UdpSocket` is the real one. Anything else with these methods will do, such as a simulated network on a virtual clock.
"""

import contextlib
import errno
import ipaddress
import socket
import sys
from collections.abc import Sequence
from typing import Any, Protocol

import trio

from . import limits
from .errors import AddressUnavailable, PortForbidden, PortTaken, TransportError

Address = Any
"""A socket address as the socket module has it: ``(host, port)`` or ``(host, port, flow, scope)``."""

IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, PMTUDISC_DO = 10, 23, 2
"""Linux's ``<netinet/in.h>``; QUIC packets must not be fragmented (RFC 9000 section 14)."""
PORT_ATTEMPTS = 32
"""Random ports tried until one is free for UDP and TCP on all addresses."""


class DatagramSocket(Protocol):
    """A bound, non-blocking socket for datagrams."""

    @property
    def address(self) -> Address:
        """Where it is bound."""

    def receive(self) -> tuple[bytes, Address] | None:
        """The next datagram, or None if there is none now.

        Raises ``ConnectionRefusedError`` when the network says that nobody listens at the other end.
        """

    def send(self, data: bytes, address: Address) -> bool:
        """Send, or return False when the network takes no more at the moment."""

    async def wait_readable(self) -> None: ...

    async def wait_writable(self) -> None: ...

    def close(self) -> None: ...


class UdpSocket:
    """UDP. A connected one (a client's) hears at once when nobody listens at the other end."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._connected = False
        self._refused = False
        sock.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, limits.SOCKET_BUFFER)
        if sys.platform == "linux":
            sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_DO)
            if sock.family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_DO)

    @classmethod
    def to(cls, family: socket.AddressFamily, address: Address) -> "UdpSocket":
        """A client's socket, connected to ``address``; ``OSError`` when there is no route."""
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            udp = cls(sock)
            sock.connect(address)
        except OSError:
            sock.close()
            raise
        udp._connected = True
        return udp

    @property
    def address(self) -> Address:
        return self._socket.getsockname()

    def receive(self) -> tuple[bytes, Address] | None:
        if self._refused:
            self._refused = False
            raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody listens")
        while True:
            try:
                return self._socket.recvfrom(limits.RECEIVE_SIZE)
            except BlockingIOError:
                return None
            except OSError as error:
                if error.errno == errno.EBADF:
                    raise
                if self._connected and error.errno == errno.ECONNREFUSED:
                    raise
                # Another ICMP message, which says nothing about the datagrams that wait behind it.

    def send(self, data: bytes, address: Address) -> bool:
        try:
            if self._connected:
                self._socket.send(data)
            else:
                self._socket.sendto(data, address)
        except BlockingIOError:
            return False
        except OSError as error:
            # A lost packet: QUIC's timers decide what it means. Only that nobody listens would not be told again.
            self._refused = self._connected and error.errno == errno.ECONNREFUSED
        return True

    async def wait_readable(self) -> None:
        if self._refused:
            await trio.lowlevel.checkpoint()
        else:
            await trio.lowlevel.wait_readable(self._socket)

    async def wait_writable(self) -> None:
        await trio.lowlevel.wait_writable(self._socket)

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()


class Listening:
    """The sockets of one server: for each address a UDP and, if wanted, a TCP socket, all on one port number."""

    def __init__(self, udp: Sequence[socket.socket], tcp: Sequence[socket.socket]) -> None:
        self.udp = tuple(UdpSocket(sock) for sock in udp)
        self.tcp = tuple(trio.SocketListener(trio.socket.from_stdlib_socket(sock)) for sock in tcp)
        self.port: int = udp[0].getsockname()[1]

    def close(self) -> None:
        for udp in self.udp:
            udp.close()
        for tcp in self.tcp:
            tcp.socket.close()


async def listen(host: str, port: int, *, tcp: bool) -> Listening:
    """Bind ``host`` for UDP and, if wanted, TCP on the same ``port``; 0 finds one that is free for both.

    ``host`` is a name, an address, or ``::`` for all addresses, IPv4 ones too. Raises `PortTaken`, `PortForbidden` or
    `AddressUnavailable`.
    """
    addresses = await _resolve(host)
    for _ in range(PORT_ATTEMPTS):
        sockets: list[socket.socket] = []
        try:
            number = port
            for family, address in addresses:
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM) if tcp else (socket.SOCK_DGRAM,):
                    sockets.append(_bind(family, kind, address, number))
                    number = sockets[-1].getsockname()[1]
            return Listening(
                [sock for sock in sockets if sock.type == socket.SOCK_DGRAM],
                [sock for sock in sockets if sock.type == socket.SOCK_STREAM],
            )
        except OSError as error:
            for sock in sockets:
                sock.close()
            if error.errno == errno.EADDRINUSE and port == 0:
                continue
            raise _explain(error, host, port) from error
    raise PortTaken("No port number is free for both UDP and TCP.")


async def _resolve(host: str) -> list[tuple[socket.AddressFamily, str]]:
    if host in ("", "*", "::"):
        # A machine without IPv6 has no "::"; there everything is IPv4.
        return [(socket.AF_INET6, "::")] if _has_ipv6() else [(socket.AF_INET, "0.0.0.0")]  # noqa: S104 - that is what was asked for
    try:
        found = await trio.socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise AddressUnavailable(f"The name {host} has no address.") from error
    addresses = list(dict.fromkeys((socket.AddressFamily(family), str(address[0])) for family, *_, address in found))
    return [pair for pair in addresses if pair[0] != socket.AF_INET6 or _has_ipv6()] or addresses


def _has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        return True
    return False


def _bind(family: socket.AddressFamily, kind: socket.SocketKind, address: str, port: int) -> socket.socket:
    sock = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if address == "::" else 1)
        if kind == socket.SOCK_STREAM:
            # Lets a restarted server listen while old connections are in TIME_WAIT; on Linux it shares no live port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        if kind == socket.SOCK_STREAM:
            sock.listen(limits.TCP_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _explain(error: OSError, host: str, port: int) -> TransportError:
    if error.errno == errno.EADDRINUSE:
        return PortTaken(f"Port {port} is taken by another program.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return PortForbidden(f"Port {port} may not be used by this user.")
    return AddressUnavailable(f"This machine has no address {host}.")


def printable(address: Address) -> str:
    """``addr:port`` for logs; an IPv4 address that came through a dual-stack socket looks like what it is."""
    host, port = str(address[0]), int(address[1])
    if host.startswith("::ffff:") and "." in host:
        host = host.removeprefix("::ffff:")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def network(host: str) -> str:
    """What counts as one place of the network: an IPv4 address, or the /64 that one subscriber has of IPv6."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
