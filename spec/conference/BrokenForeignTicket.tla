------------------------ MODULE BrokenForeignTicket ------------------------
(* The door does not look for which meeting a ticket was granted. *)
EXTENDS Conference

EnterElsewhere(m, p, n, t) ==
  /\ ticket[n][p][t] = "granted"
  /\ room[m] = "open"
  /\ ticket' = [ticket EXCEPT ![n][p][t] = "present"]
  /\ entered' = [entered EXCEPT ![n][p][t] = @ + 1]
  /\ roster' = [roster EXCEPT ![m][p][t] = TRUE]
  /\ UNCHANGED <<room>>

BrokenNext ==
  \/ Next
  \/ \E m \in Meetings, p \in People, n \in Meetings, t \in Tickets : EnterElsewhere(m, p, n, t)

BrokenSpec == Init /\ [][BrokenNext]_vars
=============================================================================
