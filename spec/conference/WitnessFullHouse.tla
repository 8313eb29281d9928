-------------------------- MODULE WitnessFullHouse --------------------------
(* Everybody can be present at once. *)
EXTENDS Conference

InvNeverAllPresent ==
  ~(\A m \in Meetings, p \in People, t \in Tickets : roster[m][p][t])
=============================================================================
