"""A room as its visitors experience it: the roster, who is connected, tracks, chat and media.

All of it is memory.  That a seat is taken, lost or given up was decided and stored before it is told here; nothing in
this module waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol

from incamera.tcs import limits
from incamera.tcs.relay import MediaCounts, PlainRelay, Receiver, Relay
from incamera.wire.api import Message, Name
from incamera.wire.control import (
    CloseCode,
    Entered,
    OfferTrack,
    RosterChanged,
    Said,
    Seat,
    Track,
    TrackOffered,
    encode,
)
from incamera.wire.ids import AccountId, MeetingId, TicketId
from incamera.wire.limits import MEDIA_DATAGRAM_BYTES, TRACKS_OF_SEAT
from incamera.wire.media import MalformedMedia, MediaHeader

_TRACK_IDS: Final = 1 << 16


class Visitor(Protocol):
    """The connection behind a seat."""

    @property
    def receiver(self) -> Receiver: ...

    @property
    def max_datagram(self) -> int: ...

    def tell(self, frame: bytes) -> None:
        """Queue an encoded control message; never waits."""

    def put_out(self, code: CloseCode) -> None:
        """End the session soon, for the reason `code`."""


class TooManyTracks(Exception):
    """The seat has offered as many tracks as a seat may."""


@dataclass(slots=True)
class Place:
    """A seat: its bearer, tracks, and its connection, or None while that is lost."""

    ticket: TicketId
    person: AccountId
    name: Name
    visitor: Visitor | None = None
    tracks: dict[int, Track] = field(default_factory=dict)

    @property
    def seat(self) -> Seat:
        """As the roster shows it."""
        return Seat(seat=self.ticket, person=self.person, name=self.name, dropped=self.visitor is None)


class Room:
    """The seats of one meeting that are taken, connected or not."""

    def __init__(self, meeting: MeetingId, counts: MediaCounts, relay: Relay | None = None) -> None:
        self.meeting: Final = meeting
        self.places: Final[dict[TicketId, Place]] = {}
        self._relay: Final = PlainRelay() if relay is None else relay
        self._counts: Final = counts
        self._last_track = -1

    # --- seats

    def keep(self, place: Place) -> None:
        """A seat whose connection was lost before this server began."""
        self.places[place.ticket] = place

    def admit(self, place: Place, visitor: Visitor, event: Literal["entered", "returned"]) -> None:
        """The visitor takes the seat, is told the state of the room, and the others are told of it."""
        place.visitor = visitor
        self.places[place.ticket] = place
        for message in self._welcome(place, visitor):
            visitor.tell(encode(message))
        self._relay.join(place.ticket, visitor.receiver)
        self._tell_others(place, RosterChanged(event=event, seat=place.seat))

    def lose(self, place: Place) -> None:
        """The seat's connection is lost; the seat and its tracks are kept."""
        place.visitor = None
        self._relay.part(place.ticket)
        self._tell_others(place, RosterChanged(event="dropped", seat=place.seat))

    def give_up(self, place: Place) -> None:
        """The seat is free and its tracks have ended."""
        del self.places[place.ticket]
        self._relay.part(place.ticket)
        self._tell_others(place, RosterChanged(event="left", seat=place.seat.model_copy(update={"dropped": False})))

    def _welcome(self, place: Place, visitor: Visitor) -> Iterator[Message]:
        seats = [place.seat, *(other.seat for other in self.places.values() if other is not place)]
        tracks = [track for one in self.places.values() for track in one.tracks.values()]
        yield Entered(
            meeting=self.meeting,
            seat=place.ticket,
            roster=tuple(seats[: limits.ROSTER_AT_ONCE]),
            tracks=tuple(tracks[: limits.TRACKS_AT_ONCE]),
            max_datagram=min(visitor.max_datagram, MEDIA_DATAGRAM_BYTES),
        )
        for seat in seats[limits.ROSTER_AT_ONCE :]:
            yield RosterChanged(event="dropped" if seat.dropped else "entered", seat=seat)
        for track in tracks[limits.TRACKS_AT_ONCE :]:
            yield TrackOffered(track=track)

    # --- what visitors do

    def offer(self, place: Place, offer: OfferTrack) -> Track:
        """A new track of the seat; everybody is told.  Raises `TooManyTracks`."""
        if len(place.tracks) >= TRACKS_OF_SEAT:
            raise TooManyTracks(f"A seat has at most {TRACKS_OF_SEAT} tracks.")
        track = Track(
            track=self._free_track(),
            seat=place.ticket,
            kind=offer.kind,
            codec=offer.codec,
            width=offer.width,
            height=offer.height,
        )
        place.tracks[track.track] = track
        self._tell_all(TrackOffered(track=track))
        return track

    def _free_track(self) -> int:
        # Numbers go round, so that late datagrams of an ended track do not pass for a new one.
        taken = {track for place in self.places.values() for track in place.tracks}
        while (number := (self._last_track + 1) % _TRACK_IDS) in taken:
            self._last_track = number
        self._last_track = number
        return number

    def say(self, place: Place, text: str, at: datetime) -> None:
        """A chat line, to everybody."""
        self._tell_all(Said(seat=place.ticket, name=place.name, text=text, at=at))

    def media(self, place: Place, datagram: bytes) -> None:
        """Relay the datagram if it is media of one of the seat's own tracks; else drop and count it."""
        if len(datagram) > MEDIA_DATAGRAM_BYTES:
            self._counts.oversize += 1
            return
        try:
            header, _ = MediaHeader.parse(datagram)
        except MalformedMedia:
            self._counts.malformed += 1
            return
        if header.track not in place.tracks:
            self._counts.foreign += 1
            return
        self._relay.forward(place.ticket, datagram)

    # --- telling

    def _tell_all(self, message: Message) -> None:
        frame = encode(message)
        for visitor in self.visitors():
            visitor.tell(frame)

    def _tell_others(self, place: Place, message: Message) -> None:
        frame = encode(message)
        for visitor in self.visitors():
            if visitor is not place.visitor:
                visitor.tell(frame)

    def visitors(self) -> Iterator[Visitor]:
        """Everybody who is connected."""
        for place in self.places.values():
            if place.visitor is not None:
                yield place.visitor
