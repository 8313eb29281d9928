-------------------------- MODULE GraphConference --------------------------
(***************************************************************************)
(* The world from which vectors and tables are made.  Two rooms and two    *)
(* people are needed to show a ticket at the wrong door or by the wrong    *)
(* hand, but tickets for one of the rooms are enough.                      *)
(***************************************************************************)
EXTENDS Conference

GraphNext ==
  \/ \E m \in Meetings : OpenRoom(m)
  \/ \E m \in Meetings : CloseRoom(m)
  \/ \E m \in {"m1"}, p \in People, t \in Tickets : Grant(m, p, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : ExpireTicket(m, p, t)
  \/ \E m \in Meetings, p \in People, n \in Meetings, q \in People, t \in Tickets : EnterRoom(m, p, n, q, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : Drop(m, p, t)
  \/ \E m \in Meetings, p \in People, n \in Meetings, q \in People, t \in Tickets : ReturnToRoom(m, p, n, q, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : LeaveRoom(m, p, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : Lapse(m, p, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : Clear(m, p, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : Dismiss(m, p, t)

GraphSpec == Init /\ [][GraphNext]_vars
=============================================================================
