------------------------- MODULE BrokenAnyoneAdmits -------------------------
(* Admission does not ask who admits. *)
EXTENDS Meeting

AdmitByAnyone(m, host, p) ==
  /\ standing[m][host] # "outsider"
  /\ phase[m] # "ended"
  /\ standing[m][p] = "knocking"
  /\ standing' = [standing EXCEPT ![m][p] = "admitted"]
  /\ decided' = [decided EXCEPT ![m][p] = (standing[m][host] = "organizing")]
  /\ UNCHANGED <<phase, over, usurped>>

BrokenNext ==
  \/ Next
  \/ \E m \in Meetings, host \in People, p \in People : AdmitByAnyone(m, host, p)

BrokenSpec == Init /\ [][BrokenNext]_vars
=============================================================================
