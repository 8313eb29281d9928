------------------------- MODULE BrokenLockedLogsIn -------------------------
(* The right passphrase opens a locked account: guessing goes on behind the lock. *)
EXTENDS Auth

LogInDespiteLock(a, s) ==
  /\ account[a] # "absent"
  /\ session[a][s] = "none"
  /\ session' = [session EXCEPT ![a][s] = "live"]
  /\ fails' = [fails EXCEPT ![a] = 0]
  /\ UNCHANGED <<account>>

BrokenNext ==
  \/ Next
  \/ \E a \in Accounts, s \in Sessions : LogInDespiteLock(a, s)

BrokenSpec == Init /\ [][BrokenNext]_vars
=============================================================================
