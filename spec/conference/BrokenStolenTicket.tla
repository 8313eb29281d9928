------------------------- MODULE BrokenStolenTicket -------------------------
(* The door does not ask whose ticket it is. *)
EXTENDS Conference

EnterAsThief(m, p, q, t) ==
  /\ ticket[m][q][t] = "granted"
  /\ room[m] = "open"
  /\ ticket' = [ticket EXCEPT ![m][q][t] = "present"]
  /\ entered' = [entered EXCEPT ![m][q][t] = @ + 1]
  /\ roster' = [roster EXCEPT ![m][p][t] = TRUE]
  /\ UNCHANGED <<room>>

BrokenNext ==
  \/ Next
  \/ \E m \in Meetings, p \in People, q \in People, t \in Tickets : EnterAsThief(m, p, q, t)

BrokenSpec == Init /\ [][BrokenNext]_vars
=============================================================================
