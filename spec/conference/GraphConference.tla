-------------------------- MODULE GraphConference --------------------------
(***************************************************************************)
(* The world from which vectors and tables are made.  Two rooms and two    *)
(* people are needed to show a ticket at the wrong door or by the wrong    *)
(* hand, and tickets for both rooms to show that one's own ticket does not *)
(* help there.  But only m1 lives its whole life; in m2 people get tickets,*)
(* come in and lose their connection.  MCConference has no such limit, and *)
(* its table is the same.                                                  *)
(***************************************************************************)
EXTENDS Conference

GraphNext ==
  \/ \E m \in Meetings : OpenRoom(m)
  \/ \E m \in {"m1"} : CloseRoom(m)
  \/ \E m \in Meetings, p \in People, t \in Tickets : Grant(m, p, t)
  \/ \E m \in {"m1"}, p \in People, t \in Tickets : ExpireTicket(m, p, t)
  \/ \E m \in Meetings, p \in People, n \in Meetings, q \in People, t \in Tickets : EnterRoom(m, p, n, q, t)
  \/ \E m \in Meetings, p \in People, t \in Tickets : Drop(m, p, t)
  \/ \E m \in Meetings, p \in People, n \in Meetings, q \in People, t \in Tickets : ReturnToRoom(m, p, n, q, t)
  \/ \E m \in {"m1"}, p \in People, t \in Tickets : LeaveRoom(m, p, t)
  \/ \E m \in {"m1"}, p \in People, t \in Tickets : Lapse(m, p, t)
  \/ \E m \in {"m1"}, p \in People, t \in Tickets : Clear(m, p, t)
  \/ \E m \in {"m1"}, p \in People, t \in Tickets : Dismiss(m, p, t)

GraphSpec == Init /\ [][GraphNext]_vars
=============================================================================
