-------------------------- MODULE BrokenNoLockout --------------------------
(* The limit of wrong passphrases is reached and nothing happens. *)
EXTENDS Auth

FailLogInForever(a) ==
  /\ account[a] = "active"
  /\ fails[a] < MaxFail
  /\ fails' = [fails EXCEPT ![a] = @ + 1]
  /\ UNCHANGED <<account, session>>

BrokenNext ==
  \/ Next
  \/ \E a \in Accounts : FailLogInForever(a)

BrokenSpec == Init /\ [][BrokenNext]_vars
=============================================================================
