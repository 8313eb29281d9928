------------------------ MODULE WitnessLobbyServesOn ------------------------
(* One person is in and another still waits: the lobby goes on during the meeting. *)
EXTENDS Meeting

InvNeverBothInAndWaiting ==
  \A m \in Meetings :
    ~(\E p \in People : standing[m][p] = "admitted" /\ \E q \in People : standing[m][q] = "knocking")
=============================================================================
