------------------------ MODULE BrokenUnknownLogsIn ------------------------
(* A log-in does not ask whether there is an account. *)
EXTENDS Auth

LogInUnasked(a, s) ==
  /\ account[a] # "locked"
  /\ session[a][s] = "none"
  /\ session' = [session EXCEPT ![a][s] = "live"]
  /\ fails' = [fails EXCEPT ![a] = 0]
  /\ UNCHANGED <<account>>

BrokenNext ==
  \/ Next
  \/ \E a \in Accounts, s \in Sessions : LogInUnasked(a, s)

BrokenSpec == Init /\ [][BrokenNext]_vars
=============================================================================
