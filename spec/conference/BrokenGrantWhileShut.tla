------------------------ MODULE BrokenGrantWhileShut ------------------------
(* Tickets are handed out before the room opens. *)
EXTENDS Conference

GrantEarly(m, p, t) ==
  /\ ticket[m][p][t] = "none"
  /\ ticket' = [ticket EXCEPT ![m][p][t] = "granted"]
  /\ UNCHANGED <<room, entered, roster>>

BrokenNext ==
  \/ Next
  \/ \E m \in Meetings, p \in People, t \in Tickets : GrantEarly(m, p, t)

BrokenSpec == Init /\ [][BrokenNext]_vars
=============================================================================
