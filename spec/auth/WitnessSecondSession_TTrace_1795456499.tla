---- MODULE WitnessSecondSession_TTrace_1795456499 ----
EXTENDS WitnessSecondSession, Sequences, TLCExt, Toolbox, Naturals, TLC

_expression ==
    LET WitnessSecondSession_TEExpression == INSTANCE WitnessSecondSession_TEExpression
    IN WitnessSecondSession_TEExpression!expression
----

_trace ==
    LET WitnessSecondSession_TETrace == INSTANCE WitnessSecondSession_TETrace
    IN WitnessSecondSession_TETrace!trace
----

_inv ==
    ~(
        TLCGet("level") = Len(_TETrace)
        /\
        session = ([ann |-> [s1 |-> "expired", s2 |-> "live"]])
        /\
        fails = ([ann |-> 0])
        /\
        account = ([ann |-> "active"])
    )
----

_init ==
    /\ fails = _TETrace[1].fails
    /\ session = _TETrace[1].session
    /\ account = _TETrace[1].account
----

_next ==
    /\ \E i,j \in DOMAIN _TETrace:
        /\ \/ /\ j = i + 1
              /\ i = TLCGet("level")
        /\ fails  = _TETrace[i].fails
        /\ fails' = _TETrace[j].fails
        /\ session  = _TETrace[i].session
        /\ session' = _TETrace[j].session
        /\ account  = _TETrace[i].account
        /\ account' = _TETrace[j].account

\* Uncomment the ASSUME below to write the states of the error trace
\* to the given file in Json format. Note that you can pass any tuple
\* to `JsonSerialize`. For example, a sub-sequence of _TETrace.
    \* ASSUME
    \*     LET J == INSTANCE Json
    \*         IN J!JsonSerialize("WitnessSecondSession_TTrace_1795456499.json", _TETrace)

=============================================================================

 Note that you can extract this module `WitnessSecondSession_TEExpression`
  to a dedicated file to reuse `expression` (the module in the 
  dedicated `WitnessSecondSession_TEExpression.tla` file takes precedence 
  over the module `WitnessSecondSession_TEExpression` below).

---- MODULE WitnessSecondSession_TEExpression ----
EXTENDS WitnessSecondSession, Sequences, TLCExt, Toolbox, Naturals, TLC

expression == 
    [
        \* To hide variables of the `WitnessSecondSession` spec from the error trace,
        \* remove the variables below.  The trace will be written in the order
        \* of the fields of this record.
        fails |-> fails
        ,session |-> session
        ,account |-> account
        
        \* Put additional constant-, state-, and action-level expressions here:
        \* ,_stateNumber |-> _TEPosition
        \* ,_failsUnchanged |-> fails = fails'
        
        \* Format the `fails` variable as Json value.
        \* ,_failsJson |->
        \*     LET J == INSTANCE Json
        \*     IN J!ToJson(fails)
        
        \* Lastly, you may build expressions over arbitrary sets of states by
        \* leveraging the _TETrace operator.  For example, this is how to
        \* count the number of times a spec variable changed up to the current
        \* state in the trace.
        \* ,_failsModCount |->
        \*     LET F[s \in DOMAIN _TETrace] ==
        \*         IF s = 1 THEN 0
        \*         ELSE IF _TETrace[s].fails # _TETrace[s-1].fails
        \*             THEN 1 + F[s-1] ELSE F[s-1]
        \*     IN F[_TEPosition - 1]
    ]

=============================================================================



Parsing and semantic processing can take forever if the trace below is long.
 In this case, it is advised to uncomment the module below to deserialize the
 trace from a generated binary file.

\*
\*---- MODULE WitnessSecondSession_TETrace ----
\*EXTENDS WitnessSecondSession, IOUtils, TLC
\*
\*trace == IODeserialize("WitnessSecondSession_TTrace_1795456499.bin", TRUE)
\*
\*=============================================================================
\*

---- MODULE WitnessSecondSession_TETrace ----
EXTENDS WitnessSecondSession, TLC

trace == 
    <<
    ([session |-> [ann |-> [s1 |-> "none", s2 |-> "none"]],fails |-> [ann |-> 0],account |-> [ann |-> "absent"]]),
    ([session |-> [ann |-> [s1 |-> "none", s2 |-> "none"]],fails |-> [ann |-> 0],account |-> [ann |-> "active"]]),
    ([session |-> [ann |-> [s1 |-> "live", s2 |-> "none"]],fails |-> [ann |-> 0],account |-> [ann |-> "active"]]),
    ([session |-> [ann |-> [s1 |-> "live", s2 |-> "live"]],fails |-> [ann |-> 0],account |-> [ann |-> "active"]]),
    ([session |-> [ann |-> [s1 |-> "expired", s2 |-> "live"]],fails |-> [ann |-> 0],account |-> [ann |-> "active"]])
    >>
----


=============================================================================

---- CONFIG WitnessSecondSession_TTrace_1795456499 ----
CONSTANTS
    Accounts = { "ann" }
    Sessions = { "s1" , "s2" }
    MaxFail = 2

INVARIANT
    _inv

CHECK_DEADLOCK
    \* CHECK_DEADLOCK off because of PROPERTY or INVARIANT above.
    FALSE

INIT
    _init

NEXT
    _next

CONSTANT
    _TETrace <- _trace

ALIAS
    _expression
=============================================================================
\* Generated on Mon Nov 23 17:55:00 UTC 2026