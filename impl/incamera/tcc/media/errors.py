"""What can go wrong with media, each error one clear sentence for the person who reads it."""

from __future__ import annotations


class MediaError(Exception):
    """The user's file, or a frame to be sent, cannot be used as media."""


class RecordingError(MediaError):
    """The recording cannot be written: the path cannot be used, or the disk is full."""
