------------------------ MODULE BrokenTwoOrganizers ------------------------
(* A meeting that exists may be scheduled again by somebody else. *)
EXTENDS Meeting

ScheduleOver(m, host) ==
  /\ phase[m] = "scheduled"
  /\ standing' = [standing EXCEPT ![m][host] = "organizing"]
  /\ UNCHANGED <<phase, decided, over, usurped>>

BrokenNext ==
  \/ Next
  \/ \E m \in Meetings, host \in People : ScheduleOver(m, host)

BrokenSpec == Init /\ [][BrokenNext]_vars
=============================================================================
