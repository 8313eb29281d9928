---------------------- MODULE WitnessEndedWhileWaiting ----------------------
(* A meeting can end while somebody waits. *)
EXTENDS Meeting

InvNeverEndedWhileWaiting ==
  \A m \in Meetings : ~(phase[m] = "ended" /\ \E p \in People : standing[m][p] = "knocking")
=============================================================================
