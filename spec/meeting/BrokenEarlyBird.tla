-------------------------- MODULE BrokenEarlyBird --------------------------
(* Who arrives before the meeting opens slips past the lobby's opening hours. *)
EXTENDS Meeting

KnockEarly(m, p) ==
  /\ standing[m][p] \in {"invited", "left"}
  /\ phase[m] # "ended"
  /\ standing' = [standing EXCEPT ![m][p] = "knocking"]
  /\ UNCHANGED <<phase, decided, over, usurped>>

BrokenNext ==
  \/ Next
  \/ \E m \in Meetings, p \in People : KnockEarly(m, p)

BrokenSpec == Init /\ [][BrokenNext]_vars
=============================================================================
