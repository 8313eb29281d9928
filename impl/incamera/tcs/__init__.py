"""The communication server: admission by ticket, rooms, roster, chat, and the relay of media."""

from incamera.tcs.server import Tcs

__all__ = ["Tcs"]
