--------------------------- MODULE BrokenEndless ---------------------------
(* Time opens a meeting instead of ending it; ending is left to the organizer, who may forget. *)
EXTENDS Meeting

BrokenFairness == \A m \in Meetings, host \in People : WF_vars(OpenMeeting(m, host))

BrokenSpec == Init /\ [][Next]_vars /\ BrokenFairness
=============================================================================
