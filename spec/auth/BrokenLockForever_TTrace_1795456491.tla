---- MODULE BrokenLockForever_TTrace_1795456491 ----
EXTENDS Sequences, TLCExt, BrokenLockForever, Toolbox, Naturals, TLC

_expression ==
    LET BrokenLockForever_TEExpression == INSTANCE BrokenLockForever_TEExpression
    IN BrokenLockForever_TEExpression!expression
----

_trace ==
    LET BrokenLockForever_TETrace == INSTANCE BrokenLockForever_TETrace
    IN BrokenLockForever_TETrace!trace
----

_prop ==
    ~<>[](
        session = ([ann |-> [s1 |-> "none"]])
        /\
        fails = ([ann |-> 2])
        /\
        account = ([ann |-> "locked"])
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
    \*         IN J!JsonSerialize("BrokenLockForever_TTrace_1795456491.json", _TETrace)

=============================================================================

 Note that you can extract this module `BrokenLockForever_TEExpression`
  to a dedicated file to reuse `expression` (the module in the 
  dedicated `BrokenLockForever_TEExpression.tla` file takes precedence 
  over the module `BrokenLockForever_TEExpression` below).

---- MODULE BrokenLockForever_TEExpression ----
EXTENDS Sequences, TLCExt, BrokenLockForever, Toolbox, Naturals, TLC

expression == 
    [
        \* To hide variables of the `BrokenLockForever` spec from the error trace,
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
\*---- MODULE BrokenLockForever_TETrace ----
\*EXTENDS IOUtils, BrokenLockForever, TLC
\*
\*trace == IODeserialize("BrokenLockForever_TTrace_1795456491.bin", TRUE)
\*
\*=============================================================================
\*

---- MODULE BrokenLockForever_TETrace ----
EXTENDS BrokenLockForever, TLC

trace == 
    <<
    ([session |-> [ann |-> [s1 |-> "none"]],fails |-> [ann |-> 0],account |-> [ann |-> "absent"]]),
    ([session |-> [ann |-> [s1 |-> "none"]],fails |-> [ann |-> 0],account |-> [ann |-> "active"]]),
    ([session |-> [ann |-> [s1 |-> "none"]],fails |-> [ann |-> 1],account |-> [ann |-> "active"]]),
    ([session |-> [ann |-> [s1 |-> "none"]],fails |-> [ann |-> 2],account |-> [ann |-> "locked"]])
    >>
----


=============================================================================

---- CONFIG BrokenLockForever_TTrace_1795456491 ----
CONSTANTS
    Accounts = { "ann" }
    Sessions = { "s1" }
    MaxFail = 2

PROPERTY
    _prop

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
\* Generated on Mon Nov 23 17:54:52 UTC 2026