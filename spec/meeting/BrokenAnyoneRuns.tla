-------------------------- MODULE BrokenAnyoneRuns --------------------------
(* Whoever is invited opens the meeting, though it is not theirs. *)
EXTENDS Meeting

OpenByAnyone(m, host) ==
  /\ standing[m][host] # "outsider"
  /\ phase[m] = "scheduled"
  /\ phase' = [phase EXCEPT ![m] = "open"]
  /\ usurped' = [usurped EXCEPT ![m][host] = @ \/ standing[m][host] # "organizing"]
  /\ UNCHANGED <<standing, decided, over>>

BrokenNext ==
  \/ Next
  \/ \E m \in Meetings, host \in People : OpenByAnyone(m, host)

BrokenSpec == Init /\ [][BrokenNext]_vars
=============================================================================
