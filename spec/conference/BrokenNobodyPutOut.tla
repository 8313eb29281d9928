------------------------- MODULE BrokenNobodyPutOut -------------------------
(* The room closes and people stay in it. *)
EXTENDS Conference

BrokenSpec == Init /\ [][Next]_vars
=============================================================================
