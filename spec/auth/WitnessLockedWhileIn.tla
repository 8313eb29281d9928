------------------------ MODULE WitnessLockedWhileIn ------------------------
(* Guessing locks the account, but does not throw out who is already in. *)
EXTENDS Auth

InvNeverLockedWhileIn ==
  \A a \in Accounts : \A s \in Sessions : ~(account[a] = "locked" /\ session[a][s] = "live")
=============================================================================
