------------------------------ MODULE Meeting ------------------------------
(***************************************************************************)
(* The life of a meeting, and where each person is with regard to it.      *)
(*                                                                         *)
(* A meeting is scheduled, opened and ended by its organizer, or ended by  *)
(* time.  Everybody else is invited, knocks, waits in the lobby and is     *)
(* admitted or refused: nobody comes in without the organizer's decision.  *)
(* Who is admitted may take tickets, with which Conference lets them in.   *)
(*                                                                         *)
(* Guards stand in the order in which they are told: whoever has nothing   *)
(* to do with a meeting learns nothing about it, not even that it exists.  *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
  Meetings,   \* names of meetings
  People      \* names of people; their accounts are the business of Auth

VARIABLES phase, standing, decided, over, usurped

vars == <<phase, standing, decided, over, usurped>>

\* phase    : "absent" until scheduled, then "scheduled", "open", "ended"
\* standing : "outsider" until "invited"; "knocking" in the lobby; "admitted", "refused" or "left"; "organizing" for the organizer
\* decided  : the organizer has decided that this person may come in
\* over     : the meeting has ended once
\* usurped  : this person has done what only the organizer does

Standings == {"outsider", "invited", "knocking", "admitted", "refused", "left", "organizing"}

InvTypes ==
  /\ phase \in [Meetings -> {"absent", "scheduled", "open", "ended"}]
  /\ standing \in [Meetings -> [People -> Standings]]
  /\ decided \in [Meetings -> [People -> BOOLEAN]]
  /\ over \in [Meetings -> BOOLEAN]
  /\ usurped \in [Meetings -> [People -> BOOLEAN]]

Init ==
  /\ phase = [m \in Meetings |-> "absent"]
  /\ standing = [m \in Meetings |-> [p \in People |-> "outsider"]]
  /\ decided = [m \in Meetings |-> [p \in People |-> FALSE]]
  /\ over = [m \in Meetings |-> FALSE]
  /\ usurped = [m \in Meetings |-> [p \in People |-> FALSE]]

-----------------------------------------------------------------------------

ScheduleMeeting(m, host) ==
  /\ phase[m] = "absent"                                            \* environment
  /\ phase' = [phase EXCEPT ![m] = "scheduled"]
  /\ standing' = [standing EXCEPT ![m][host] = "organizing"]
  /\ UNCHANGED <<decided, over, usurped>>

\* MTG-001  A meeting is unknown to whoever is not invited to it.
\* MTG-002  Only the organizer runs a meeting: invites, opens, admits, refuses and ends.
\* MTG-004  An ended meeting is final.
\* MTG-005  A person is invited to a meeting only once.
Invite(m, host, p) ==
  /\ standing[m][host] # "outsider"                                 \* MTG-001
  /\ standing[m][host] = "organizing"                               \* MTG-002
  /\ phase[m] # "ended"                                             \* MTG-004
  /\ standing[m][p] = "outsider"                                    \* MTG-005
  /\ standing' = [standing EXCEPT ![m][p] = "invited"]
  /\ usurped' = [usurped EXCEPT ![m][host] = @ \/ standing[m][host] # "organizing"]
  /\ UNCHANGED <<phase, decided, over>>

\* MTG-006  A meeting is opened only once.
OpenMeeting(m, host) ==
  /\ standing[m][host] # "outsider"                                 \* MTG-001
  /\ standing[m][host] = "organizing"                               \* MTG-002
  /\ phase[m] # "ended"                                             \* MTG-004
  /\ phase[m] = "scheduled"                                         \* MTG-006
  /\ phase' = [phase EXCEPT ![m] = "open"]
  /\ usurped' = [usurped EXCEPT ![m][host] = @ \/ standing[m][host] # "organizing"]
  /\ UNCHANGED <<standing, decided, over>>

\* MTG-003  People come in only while the meeting is open.
\* MTG-007  Who waits, was admitted or was refused does not knock again.
Knock(m, p) ==
  /\ standing[m][p] # "outsider"                                    \* MTG-001
  /\ phase[m] # "ended"                                             \* MTG-004
  /\ phase[m] = "open"                                              \* MTG-003
  /\ standing[m][p] \in {"invited", "left"}                         \* MTG-007
  /\ standing' = [standing EXCEPT ![m][p] = "knocking"]
  /\ UNCHANGED <<phase, decided, over, usurped>>

\* MTG-008  Only a person who waits in the lobby is admitted or refused.
\* MTG-012  Nobody is admitted without the organizer's decision.
Admit(m, host, p) ==
  /\ standing[m][host] # "outsider"                                 \* MTG-001
  /\ standing[m][host] = "organizing"                               \* MTG-002
  /\ phase[m] # "ended"                                             \* MTG-004
  /\ standing[m][p] = "knocking"                                    \* MTG-008
  /\ standing' = [standing EXCEPT ![m][p] = "admitted"]
  /\ decided' = [decided EXCEPT ![m][p] = (standing[m][host] = "organizing")]
  /\ usurped' = [usurped EXCEPT ![m][host] = @ \/ standing[m][host] # "organizing"]
  /\ UNCHANGED <<phase, over>>

Refuse(m, host, p) ==
  /\ standing[m][host] # "outsider"                                 \* MTG-001
  /\ standing[m][host] = "organizing"                               \* MTG-002
  /\ phase[m] # "ended"                                             \* MTG-004
  /\ standing[m][p] = "knocking"                                    \* MTG-008
  /\ standing' = [standing EXCEPT ![m][p] = "refused"]
  /\ usurped' = [usurped EXCEPT ![m][host] = @ \/ standing[m][host] # "organizing"]
  /\ UNCHANGED <<phase, decided, over>>

\* MTG-009  Only a person who waits or was admitted can leave.
Leave(m, p) ==
  /\ standing[m][p] # "outsider"                                    \* MTG-001
  /\ phase[m] # "ended"                                             \* MTG-004
  /\ standing[m][p] \in {"knocking", "admitted"}                    \* MTG-009
  /\ standing' = [standing EXCEPT ![m][p] = "left"]
  /\ decided' = [decided EXCEPT ![m][p] = FALSE]
  /\ UNCHANGED <<phase, over, usurped>>

\* MTG-010  A ticket is given only to the organizer and to people who were admitted.
TakeTicket(m, p) ==
  /\ standing[m][p] # "outsider"                                    \* MTG-001
  /\ phase[m] # "ended"                                             \* MTG-004
  /\ phase[m] = "open"                                              \* MTG-003
  /\ standing[m][p] \in {"organizing", "admitted"}                  \* MTG-010
  /\ UNCHANGED <<phase, standing, decided, over, usurped>>

EndMeeting(m, host) ==
  /\ standing[m][host] # "outsider"                                 \* MTG-001
  /\ standing[m][host] = "organizing"                               \* MTG-002
  /\ phase[m] # "ended"                                             \* MTG-004
  /\ phase' = [phase EXCEPT ![m] = "ended"]
  /\ over' = [over EXCEPT ![m] = TRUE]
  /\ usurped' = [usurped EXCEPT ![m][host] = @ \/ standing[m][host] # "organizing"]
  /\ UNCHANGED <<standing, decided>>

\* MTG-011  Every meeting ends, at the latest when its time is over.
ExpireMeeting(m) ==
  /\ phase[m] \in {"scheduled", "open"}                             \* environment
  /\ phase' = [phase EXCEPT ![m] = "ended"]
  /\ over' = [over EXCEPT ![m] = TRUE]
  /\ UNCHANGED <<standing, decided, usurped>>

Next ==
  \/ \E m \in Meetings, host \in People : ScheduleMeeting(m, host)
  \/ \E m \in Meetings, host \in People, p \in People : Invite(m, host, p)
  \/ \E m \in Meetings, host \in People : OpenMeeting(m, host)
  \/ \E m \in Meetings, p \in People : Knock(m, p)
  \/ \E m \in Meetings, host \in People, p \in People : Admit(m, host, p)
  \/ \E m \in Meetings, host \in People, p \in People : Refuse(m, host, p)
  \/ \E m \in Meetings, p \in People : Leave(m, p)
  \/ \E m \in Meetings, p \in People : TakeTicket(m, p)
  \/ \E m \in Meetings, host \in People : EndMeeting(m, host)
  \/ \E m \in Meetings : ExpireMeeting(m)

Fairness == \A m \in Meetings : WF_vars(ExpireMeeting(m))

Spec == Init /\ [][Next]_vars /\ Fairness

-----------------------------------------------------------------------------

\* MTG-012
InvNoAdmitWithoutDecision ==
  \A m \in Meetings : \A p \in People : standing[m][p] = "admitted" => decided[m][p]

\* MTG-002: a meeting has one organizer as long as it exists, so somebody can always run it.
InvOneOrganizer ==
  \A m \in Meetings :
    Cardinality({p \in People : standing[m][p] = "organizing"}) = IF phase[m] = "absent" THEN 0 ELSE 1

\* MTG-003: before a meeting opens nobody waits and nobody is in.
InvLobbyOnlyAfterOpening ==
  \A m \in Meetings :
    phase[m] = "scheduled" => \A p \in People : standing[m][p] \in {"outsider", "invited", "organizing"}

\* MTG-001
InvAbsentMeetingHasNobody ==
  \A m \in Meetings : phase[m] = "absent" => \A p \in People : standing[m][p] = "outsider"

\* MTG-002
InvOnlyOrganizerRuns == \A m \in Meetings : \A p \in People : ~usurped[m][p]

\* MTG-004
InvEndedIsFinal == \A m \in Meetings : over[m] => phase[m] = "ended"

\* MTG-011
MeetingEnds == \A m \in Meetings : (phase[m] = "open") ~> (phase[m] = "ended")

\* MTG-011: who waits gets an answer, goes away, or sees the meeting end.
WaitingEnds ==
  \A m \in Meetings : \A p \in People :
    (standing[m][p] = "knocking") ~> (standing[m][p] # "knocking" \/ phase[m] = "ended")
=============================================================================
