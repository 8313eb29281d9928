-------------------------- MODULE WitnessTwoDevices --------------------------
(* The second device of a person is in while the seat of the first is still kept. *)
EXTENDS Conference

InvNeverTwoSeats ==
  \A m \in Meetings, p \in People :
    ~(ticket[m][p]["t1"] = "dropped" /\ ticket[m][p]["t2"] = "present")
=============================================================================
