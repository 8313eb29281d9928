---- MODULE Door ----
(* Who holds the key of a door opens it; it shuts by itself. *)
EXTENDS Naturals, FiniteSets

CONSTANTS
  Doors,   \* their names
  People,
  Nobody

VARIABLES door, holder

vars == <<door, holder>>

InvTypes ==
  /\ door \in [Doors -> {"shut", "open"}]
  /\ holder \in [Doors -> People \cup {Nobody}]

Init ==
  /\ door = [d \in Doors |-> "shut"]
  /\ holder = [d \in Doors |-> Nobody]

\* KEY-001  A key is taken from nobody.
Take(d, p) ==
  /\ holder[d] = Nobody                      \* KEY-001
  /\ holder' = [holder EXCEPT ![d] = p]
  /\ UNCHANGED <<door>>

\* KEY-002  Only who holds the key opens.
\* KEY-003  A door that is open
\*     is not opened again.
Open(d, p) ==
  /\ holder[d] = p                           \* KEY-002
  /\ \/ door[d] = "shut"
     \/ door[d] = "ajar"                     \* KEY-003
  /\ door' = [door EXCEPT ![d] = "open"]
  /\ UNCHANGED <<holder>>

Shut(d) ==
  /\ door[d] = "open"                        \* environment
  /\ door' = [door EXCEPT ![d] = "shut"]
  /\ UNCHANGED <<holder>>

Next ==
  \/ \E d \in Doors, p \in People : Take(d, p)
  \/ \E d \in Doors, p \in People : Open(d, p)
  \/ \E d \in Doors : Shut(d)

Fairness == \A d \in Doors : WF_vars(Shut(d))

Spec == Init /\ [][Next]_vars /\ Fairness

\* KEY-002
InvOpenedByHolder == \A d \in Doors : door[d] = "open" => holder[d] # Nobody

InvNeverOpen == \A d \in Doors : door[d] = "shut"

Shuts == \A d \in Doors : (door[d] = "open") ~> (door[d] = "shut")

Opens == \A d \in Doors : <>(door[d] = "open")
====
