------------------------- MODULE BrokenNobodyPutOut -------------------------
(* The room closes, lost seats are given up, but nobody puts out who is present. *)
EXTENDS Conference

BrokenFairness ==
  /\ \A m \in Meetings, p \in People, t \in Tickets : WF_vars(ExpireTicket(m, p, t))
  /\ \A m \in Meetings, p \in People, t \in Tickets : WF_vars(Lapse(m, p, t))

BrokenSpec == Init /\ [][Next]_vars /\ BrokenFairness
=============================================================================
