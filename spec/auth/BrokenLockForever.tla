------------------------- MODULE BrokenLockForever -------------------------
(* Nothing makes a lock end. *)
EXTENDS Auth

BrokenSpec == Init /\ [][Next]_vars
=============================================================================
