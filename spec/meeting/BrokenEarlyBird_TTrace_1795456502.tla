---- MODULE BrokenEarlyBird_TTrace_1795456502 ----
EXTENDS Sequences, TLCExt, Toolbox, Naturals, TLC, BrokenEarlyBird

_expression ==
    LET BrokenEarlyBird_TEExpression == INSTANCE BrokenEarlyBird_TEExpression
    IN BrokenEarlyBird_TEExpression!expression
----

_trace ==
    LET BrokenEarlyBird_TETrace == INSTANCE BrokenEarlyBird_TETrace
    IN BrokenEarlyBird_TETrace!trace
----

_inv ==
    ~(
        TLCGet("level") = Len(_TETrace)
        /\
        decided = ([m1 |-> [olga |-> FALSE, paul |-> FALSE]])
        /\
        phase = ([m1 |-> "scheduled"])
        /\
        standing = ([m1 |-> [olga |-> "organizing", paul |-> "knocking"]])
    )
----

_init ==
    /\ decided = _TETrace[1].decided
    /\ phase = _TETrace[1].phase
    /\ standing = _TETrace[1].standing
----

_next ==
    /\ \E i,j \in DOMAIN _TETrace:
        /\ \/ /\ j = i + 1
              /\ i = TLCGet("level")
        /\ decided  = _TETrace[i].decided
        /\ decided' = _TETrace[j].decided
        /\ phase  = _TETrace[i].phase
        /\ phase' = _TETrace[j].phase
        /\ standing  = _TETrace[i].standing
        /\ standing' = _TETrace[j].standing

\* Uncomment the ASSUME below to write the states of the error trace
\* to the given file in Json format. Note that you can pass any tuple
\* to `JsonSerialize`. For example, a sub-sequence of _TETrace.
    \* ASSUME
    \*     LET J == INSTANCE Json
    \*         IN J!JsonSerialize("BrokenEarlyBird_TTrace_1795456502.json", _TETrace)

=============================================================================

 Note that you can extract this module `BrokenEarlyBird_TEExpression`
  to a dedicated file to reuse `expression` (the module in the 
  dedicated `BrokenEarlyBird_TEExpression.tla` file takes precedence 
  over the module `BrokenEarlyBird_TEExpression` below).

---- MODULE BrokenEarlyBird_TEExpression ----
EXTENDS Sequences, TLCExt, Toolbox, Naturals, TLC, BrokenEarlyBird

expression == 
    [
        \* To hide variables of the `BrokenEarlyBird` spec from the error trace,
        \* remove the variables below.  The trace will be written in the order
        \* of the fields of this record.
        decided |-> decided
        ,phase |-> phase
        ,standing |-> standing
        
        \* Put additional constant-, state-, and action-level expressions here:
        \* ,_stateNumber |-> _TEPosition
        \* ,_decidedUnchanged |-> decided = decided'
        
        \* Format the `decided` variable as Json value.
        \* ,_decidedJson |->
        \*     LET J == INSTANCE Json
        \*     IN J!ToJson(decided)
        
        \* Lastly, you may build expressions over arbitrary sets of states by
        \* leveraging the _TETrace operator.  For example, this is how to
        \* count the number of times a spec variable changed up to the current
        \* state in the trace.
        \* ,_decidedModCount |->
        \*     LET F[s \in DOMAIN _TETrace] ==
        \*         IF s = 1 THEN 0
        \*         ELSE IF _TETrace[s].decided # _TETrace[s-1].decided
        \*             THEN 1 + F[s-1] ELSE F[s-1]
        \*     IN F[_TEPosition - 1]
    ]

=============================================================================



Parsing and semantic processing can take forever if the trace below is long.
 In this case, it is advised to uncomment the module below to deserialize the
 trace from a generated binary file.

\*
\*---- MODULE BrokenEarlyBird_TETrace ----
\*EXTENDS IOUtils, TLC, BrokenEarlyBird
\*
\*trace == IODeserialize("BrokenEarlyBird_TTrace_1795456502.bin", TRUE)
\*
\*=============================================================================
\*

---- MODULE BrokenEarlyBird_TETrace ----
EXTENDS TLC, BrokenEarlyBird

trace == 
    <<
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "absent"],standing |-> [m1 |-> [olga |-> "outsider", paul |-> "outsider"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "scheduled"],standing |-> [m1 |-> [olga |-> "organizing", paul |-> "outsider"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "scheduled"],standing |-> [m1 |-> [olga |-> "organizing", paul |-> "invited"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "scheduled"],standing |-> [m1 |-> [olga |-> "organizing", paul |-> "knocking"]]])
    >>
----


=============================================================================

---- CONFIG BrokenEarlyBird_TTrace_1795456502 ----
CONSTANTS
    Meetings = { "m1" }
    People = { "olga" , "paul" }

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
\* Generated on Mon Nov 23 17:55:02 UTC 2026