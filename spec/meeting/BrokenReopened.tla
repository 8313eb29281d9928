--------------------------- MODULE BrokenReopened ---------------------------
(* The organizer opens an ended meeting again. *)
EXTENDS Meeting

Reopen(m, host) ==
  /\ standing[m][host] = "organizing"
  /\ phase[m] = "ended"
  /\ phase' = [phase EXCEPT ![m] = "open"]
  /\ UNCHANGED <<standing, decided>>

BrokenNext ==
  \/ Next
  \/ \E m \in Meetings, host \in People : Reopen(m, host)

BrokenSpec == Init /\ [][BrokenNext]_vars /\ Fairness
=============================================================================
