------------------------- MODULE BrokenTicketTwice -------------------------
(* A ticket is not used up by entering. *)
EXTENDS Conference

EnterAgain(m, p, t) ==
  /\ ticket[m][p][t] \in {"granted", "left"}
  /\ entered[m][p][t] < 2
  /\ room[m] = "open"
  /\ ticket' = [ticket EXCEPT ![m][p][t] = "present"]
  /\ entered' = [entered EXCEPT ![m][p][t] = @ + 1]
  /\ roster' = [roster EXCEPT ![m][p][t] = TRUE]
  /\ UNCHANGED <<room>>

BrokenNext ==
  \/ Next
  \/ \E m \in Meetings, p \in People, t \in Tickets : EnterAgain(m, p, t)

BrokenSpec == Init /\ [][BrokenNext]_vars
=============================================================================
