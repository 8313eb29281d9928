--------------------------- MODULE BrokenReopened ---------------------------
(* The organizer opens an ended meeting again, if only to let in who still waits. *)
EXTENDS Meeting

Reopen(m, host) ==
  /\ standing[m][host] = "organizing"
  /\ phase[m] = "ended"
  /\ \E p \in People : standing[m][p] = "knocking"
  /\ phase' = [phase EXCEPT ![m] = "open"]
  /\ UNCHANGED <<standing, decided, over, usurped>>

BrokenNext ==
  \/ Next
  \/ \E m \in Meetings, host \in People : Reopen(m, host)

BrokenSpec == Init /\ [][BrokenNext]_vars
=============================================================================
