------------------------ MODULE WitnessSecondSession ------------------------
(* Who lost a session to time gets a new one. *)
EXTENDS Auth

InvNeverTwoSessions ==
  \A a \in Accounts : ~(session[a]["s1"] = "expired" /\ session[a]["s2"] = "live")
=============================================================================
