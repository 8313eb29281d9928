--------------------------- MODULE BrokenEndless ---------------------------
(* Nothing makes a meeting end. *)
EXTENDS Meeting

BrokenSpec == Init /\ [][Next]_vars
=============================================================================
