------------------------- MODULE BrokenLockForever -------------------------
(* Sessions end by time, but nothing makes a lock end. *)
EXTENDS Auth

BrokenFairness == \A a \in Accounts, s \in Sessions : WF_vars(ExpireSession(a, s))

BrokenSpec == Init /\ [][Next]_vars /\ BrokenFairness
=============================================================================
