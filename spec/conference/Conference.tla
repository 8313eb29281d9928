----------------------------- MODULE Conference -----------------------------
(***************************************************************************)
(* The communication server's side: who is in which room.                  *)
(*                                                                         *)
(* A ticket is the one-time right to take one seat in one room.  It is     *)
(* granted over the link when Meeting has let somebody take it, and it is  *)
(* bound to that person's key; so a ticket also knows the seat's life:     *)
(* entered, dropped when the connection is lost, returned within a grace   *)
(* time, left.  A person with two devices has two tickets.                 *)
(*                                                                         *)
(* EnterRoom(m, p, n, q, t): at the door of room m, person p shows ticket t,   *)
(* which was granted to q for room n.  All five are named, so that what an *)
(* intruder tries is a refusal like any other.                             *)
(***************************************************************************)
EXTENDS Naturals

CONSTANTS
  Meetings,   \* each has one room
  People,
  Tickets     \* names that the tickets of one person for one meeting may get

VARIABLES room, ticket, entered, roster

vars == <<room, ticket, entered, roster>>

\* room    : "shut" until its meeting opens, "open", "closed" when it has ended
\* ticket  : "none", "granted", then "expired" unused, or "present", "dropped" and "left" as its seat goes
\* entered : how often a ticket has opened the door
\* roster  : who is in a room, and by which ticket

TicketStates == {"none", "granted", "expired", "present", "dropped", "left"}

InvTypes ==
  /\ room \in [Meetings -> {"shut", "open", "closed"}]
  /\ ticket \in [Meetings -> [People -> [Tickets -> TicketStates]]]
  /\ entered \in [Meetings -> [People -> [Tickets -> 0..2]]]
  /\ roster \in [Meetings -> [People -> [Tickets -> BOOLEAN]]]

Init ==
  /\ room = [m \in Meetings |-> "shut"]
  /\ ticket = [m \in Meetings |-> [p \in People |-> [t \in Tickets |-> "none"]]]
  /\ entered = [m \in Meetings |-> [p \in People |-> [t \in Tickets |-> 0]]]
  /\ roster = [m \in Meetings |-> [p \in People |-> [t \in Tickets |-> FALSE]]]

-----------------------------------------------------------------------------

OpenRoom(m) ==
  /\ room[m] = "shut"                                               \* environment
  /\ room' = [room EXCEPT ![m] = "open"]
  /\ UNCHANGED <<ticket, entered, roster>>

CloseRoom(m) ==
  /\ room[m] # "closed"                                             \* environment
  /\ room' = [room EXCEPT ![m] = "closed"]
  /\ UNCHANGED <<ticket, entered, roster>>

\* CONF-001  A ticket is granted only for a room that is open.
Grant(m, p, t) ==
  /\ room[m] = "open"                                               \* CONF-001
  /\ ticket[m][p][t] = "none"                                       \* environment
  /\ ticket' = [ticket EXCEPT ![m][p][t] = "granted"]
  /\ UNCHANGED <<room, entered, roster>>

\* CONF-008  A ticket that is not used expires.
ExpireTicket(m, p, t) ==
  /\ ticket[m][p][t] = "granted"                                    \* environment
  /\ ticket' = [ticket EXCEPT ![m][p][t] = "expired"]
  /\ UNCHANGED <<room, entered, roster>>

\* CONF-002  A ticket opens the door once, and only while it is valid.
\* CONF-003  A ticket opens only the room of the meeting that it was granted for.
\* CONF-004  A ticket opens only for the person that it was granted to, who proves it with their key.
\* CONF-005  Nobody enters a room that is not open.
EnterRoom(m, p, n, q, t) ==
  /\ ticket[n][q][t] = "granted"                                    \* CONF-002
  /\ n = m                                                          \* CONF-003
  /\ q = p                                                          \* CONF-004
  /\ room[m] = "open"                                               \* CONF-005
  /\ ticket' = [ticket EXCEPT ![n][q][t] = "present"]
  /\ entered' = [entered EXCEPT ![n][q][t] = @ + 1]
  /\ roster' = [roster EXCEPT ![m][p][t] = TRUE]
  /\ UNCHANGED <<room>>

Drop(m, p, t) ==
  /\ ticket[m][p][t] = "present"                                    \* environment
  /\ ticket' = [ticket EXCEPT ![m][p][t] = "dropped"]
  /\ roster' = [roster EXCEPT ![m][p][t] = FALSE]
  /\ UNCHANGED <<room, entered>>

\* CONF-006  Only a person whose connection was lost returns, and only within the grace time.
ReturnToRoom(m, p, n, q, t) ==
  /\ ticket[n][q][t] = "dropped"                                    \* CONF-006
  /\ n = m                                                          \* CONF-003
  /\ q = p                                                          \* CONF-004
  /\ room[m] = "open"                                               \* CONF-005
  /\ ticket' = [ticket EXCEPT ![n][q][t] = "present"]
  /\ roster' = [roster EXCEPT ![m][p][t] = TRUE]
  /\ UNCHANGED <<room, entered>>

LeaveRoom(m, p, t) ==
  /\ ticket[m][p][t] = "present"                                    \* environment
  /\ ticket' = [ticket EXCEPT ![m][p][t] = "left"]
  /\ roster' = [roster EXCEPT ![m][p][t] = FALSE]
  /\ UNCHANGED <<room, entered>>

\* CONF-007  The seat of a person whose connection was lost is kept for a grace time and then given up.
Lapse(m, p, t) ==
  /\ ticket[m][p][t] = "dropped"                                    \* environment
  /\ ticket' = [ticket EXCEPT ![m][p][t] = "left"]
  /\ UNCHANGED <<room, entered, roster>>

\* CONF-009  When a room closes, everybody who is in it is put out.
Clear(m, p, t) ==
  /\ room[m] = "closed"                                             \* environment
  /\ ticket[m][p][t] \in {"present", "dropped"}                     \* environment
  /\ ticket' = [ticket EXCEPT ![m][p][t] = "left"]
  /\ roster' = [roster EXCEPT ![m][p][t] = FALSE]
  /\ UNCHANGED <<room, entered>>

\* CONF-010  Whoever leaves the meeting is put out of its room.
Dismiss(m, p, t) ==
  /\ ticket[m][p][t] \in {"granted", "present", "dropped"}          \* environment
  /\ ticket' = [ticket EXCEPT ![m][p][t] = "left"]
  /\ roster' = [roster EXCEPT ![m][p][t] = FALSE]
  /\ UNCHANGED <<room, entered>>

Next ==
  \/ \E m \in Meetings : OpenRoom(m)
  \/ \E m \in Meetings : CloseRoom(m)
  \/ \E m \in Meetings, p \in People, t \in Tickets : Grant(m, p, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : ExpireTicket(m, p, t)
  \/ \E m \in Meetings, p \in People, n \in Meetings, q \in People, t \in Tickets : EnterRoom(m, p, n, q, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : Drop(m, p, t)
  \/ \E m \in Meetings, p \in People, n \in Meetings, q \in People, t \in Tickets : ReturnToRoom(m, p, n, q, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : LeaveRoom(m, p, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : Lapse(m, p, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : Clear(m, p, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : Dismiss(m, p, t)

Fairness ==
  /\ \A m \in Meetings, p \in People, t \in Tickets : WF_vars(ExpireTicket(m, p, t))
  /\ \A m \in Meetings, p \in People, t \in Tickets : WF_vars(Lapse(m, p, t))
  /\ \A m \in Meetings, p \in People, t \in Tickets : WF_vars(Clear(m, p, t))

Spec == Init /\ [][Next]_vars /\ Fairness

-----------------------------------------------------------------------------

\* CONF-002, CONF-003, CONF-004: whoever is in a room sits there by a ticket of their own for this meeting.
InvRosterHasTicket ==
  \A m \in Meetings, p \in People, t \in Tickets : roster[m][p][t] = (ticket[m][p][t] = "present")

\* CONF-002
InvEnteredOnce == \A m \in Meetings, p \in People, t \in Tickets : entered[m][p][t] <= 1

\* CONF-001
InvShutRoomIsEmpty ==
  \A m \in Meetings : room[m] = "shut" => \A p \in People, t \in Tickets : ticket[m][p][t] = "none"

\* CONF-008
TicketIsDecided ==
  \A m \in Meetings, p \in People, t \in Tickets : (ticket[m][p][t] = "granted") ~> (ticket[m][p][t] # "granted")

\* CONF-007
DropIsDecided ==
  \A m \in Meetings, p \in People, t \in Tickets : (ticket[m][p][t] = "dropped") ~> (ticket[m][p][t] # "dropped")

\* CONF-009
ClosedRoomEmpties ==
  \A m \in Meetings, p \in People, t \in Tickets :
    (room[m] = "closed" /\ ticket[m][p][t] = "present") ~> (ticket[m][p][t] # "present")
=============================================================================
