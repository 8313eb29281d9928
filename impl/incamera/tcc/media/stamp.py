"""A number that can be read off a picture after any sane encoding.

Two rows of sixteen blocks along the top of the picture, black or white, most significant bit first: the picture's
number (16 bits), the tag of whose picture it is (8 bits) and a check value of both (8 bits), chosen so that neither
an all-black nor an all-white picture is a stamp.
"""

from __future__ import annotations

import binascii
from typing import Final

import numpy as np

from incamera.tcc.media.source import Planes

MAX_NUMBER: Final = 0xFFFF
_COLUMNS: Final = 16
_ROWS: Final = 2
_BLACK: Final = 16
_WHITE: Final = 235
_HEIGHT: Final = 10  # the stamp's rows take one tenth of the picture's height together


def tag_of(label: str) -> int:
    """Eight bits that stand for a label."""
    return binascii.crc_hqx(label.encode(), 0) & 0xFF


def draw(luma: Planes, number: int, tag: int) -> None:
    """Draws the stamp into the Y plane of a picture."""
    height, width = _block(luma)
    bits = np.unpackbits(np.array([number >> 8, number & 0xFF, tag, _check(number, tag)], np.uint8))
    blocks = np.where(bits.reshape(_ROWS, _COLUMNS), np.uint8(_WHITE), np.uint8(_BLACK))
    luma[: _ROWS * height, : _COLUMNS * width] = blocks.repeat(height, axis=0).repeat(width, axis=1)


def read(luma: Planes) -> tuple[int, int] | None:
    """The number and the tag that the Y plane shows, or None if it shows no stamp."""
    height, width = _block(luma)
    if not height or not width:
        return None
    means = (
        luma[: _ROWS * height, : _COLUMNS * width]
        .reshape(_ROWS, height, _COLUMNS, width)
        .mean(axis=(1, 3), dtype=np.float32)
    )
    high, low, tag, check = (int(byte) for byte in np.packbits(means > (_BLACK + _WHITE) / 2))
    number = high << 8 | low
    return (number, tag) if check == _check(number, tag) else None


def _block(luma: Planes) -> tuple[int, int]:
    height, width = luma.shape
    return height // _HEIGHT // _ROWS, width // _COLUMNS


def _check(number: int, tag: int) -> int:
    return binascii.crc_hqx(number.to_bytes(2) + bytes([tag]), 0x1D0F) & 0xFF
