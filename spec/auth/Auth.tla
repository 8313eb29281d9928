-------------------------------- MODULE Auth --------------------------------
(***************************************************************************)
(* Who may act at all.                                                     *)
(*                                                                         *)
(* An account proves itself by a passphrase and receives a session; the    *)
(* session is what acts from then on.  Guessing is bounded because wrong   *)
(* passphrases are counted and the account locks; a lock and a session     *)
(* both end by themselves.                                                 *)
(*                                                                         *)
(* A session belongs to its account by construction: session[a][s].  So    *)
(* every action touches only what its parameters name, and a log of        *)
(* millions of accounts is judged one small world at a time.               *)
(***************************************************************************)
EXTENDS Naturals

CONSTANTS
  Accounts,   \* names of accounts
  Sessions,   \* names that the sessions of one account may get
  MaxFail     \* wrong passphrases in a row after which an account locks

VARIABLES account, fails, session

vars == <<account, fails, session>>

\* account : "absent" until it is created, then "active" or "locked"
\* fails   : wrong passphrases since the last success or unlock
\* session : "none" until issued, "live", then "closed" by its owner or "expired" by time

InvTypes ==
  /\ account \in [Accounts -> {"absent", "active", "locked"}]
  /\ fails \in [Accounts -> 0..MaxFail]
  /\ session \in [Accounts -> [Sessions -> {"none", "live", "closed", "expired"}]]

Init ==
  /\ account = [a \in Accounts |-> "absent"]
  /\ fails = [a \in Accounts |-> 0]
  /\ session = [a \in Accounts |-> [s \in Sessions |-> "none"]]

-----------------------------------------------------------------------------

\* AUTH-004  An account's name is given only once.
CreateAccount(a) ==
  /\ account[a] = "absent"                                          \* AUTH-004
  /\ account' = [account EXCEPT ![a] = "active"]
  /\ UNCHANGED <<fails, session>>

\* AUTH-001  A log-in is refused in one and the same way whether the account is unknown, locked or the passphrase is wrong.
\* AUTH-006  A log-in that succeeds clears the count of wrong passphrases.
LogIn(a, s) ==
  /\ account[a] = "active"                                          \* AUTH-001
  /\ session[a][s] = "none"                                         \* environment
  /\ session' = [session EXCEPT ![a][s] = "live"]
  /\ fails' = [fails EXCEPT ![a] = 0]
  /\ UNCHANGED <<account>>

\* AUTH-002  After the limit of wrong passphrases in a row an account is locked.
FailLogIn(a) ==
  /\ account[a] = "active"                                          \* AUTH-001
  /\ fails' = [fails EXCEPT ![a] = @ + 1]
  /\ account' = [account EXCEPT ![a] = IF fails[a] + 1 = MaxFail THEN "locked" ELSE "active"]
  /\ UNCHANGED <<session>>

\* AUTH-003  A lock always ends.
Unlock(a) ==
  /\ account[a] = "locked"                                          \* environment
  /\ account' = [account EXCEPT ![a] = "active"]
  /\ fails' = [fails EXCEPT ![a] = 0]
  /\ UNCHANGED <<session>>

\* AUTH-005  Only a live session acts; one that is unknown, closed or expired is refused.
LogOut(a, s) ==
  /\ session[a][s] = "live"                                         \* AUTH-005
  /\ session' = [session EXCEPT ![a][s] = "closed"]
  /\ UNCHANGED <<account, fails>>

\* AUTH-007  A session always ends.
ExpireSession(a, s) ==
  /\ session[a][s] = "live"                                         \* environment
  /\ session' = [session EXCEPT ![a][s] = "expired"]
  /\ UNCHANGED <<account, fails>>

Next ==
  \/ \E a \in Accounts : CreateAccount(a)
  \/ \E a \in Accounts, s \in Sessions : LogIn(a, s)
  \/ \E a \in Accounts : FailLogIn(a)
  \/ \E a \in Accounts : Unlock(a)
  \/ \E a \in Accounts, s \in Sessions : LogOut(a, s)
  \/ \E a \in Accounts, s \in Sessions : ExpireSession(a, s)

Fairness ==
  /\ \A a \in Accounts : WF_vars(Unlock(a))
  /\ \A a \in Accounts, s \in Sessions : WF_vars(ExpireSession(a, s))

Spec == Init /\ [][Next]_vars /\ Fairness

-----------------------------------------------------------------------------

\* AUTH-002: an account is locked exactly while the limit of wrong passphrases stands against it.
InvLockedAtLimit == \A a \in Accounts : (account[a] = "locked") = (fails[a] = MaxFail)

\* AUTH-001: who has no account has no session.
InvNoSessionWithoutAccount ==
  \A a \in Accounts : account[a] = "absent" => \A s \in Sessions : session[a][s] = "none"

\* AUTH-003
LockEnds == \A a \in Accounts : (account[a] = "locked") ~> (account[a] = "active")

\* AUTH-007
SessionEnds == \A a \in Accounts : \A s \in Sessions : (session[a][s] = "live") ~> (session[a][s] # "live")
=============================================================================
