---- MODULE WitnessEndedWhileWaiting_TTrace_1795456510 ----
EXTENDS Sequences, TLCExt, Toolbox, Naturals, TLC, WitnessEndedWhileWaiting

_expression ==
    LET WitnessEndedWhileWaiting_TEExpression == INSTANCE WitnessEndedWhileWaiting_TEExpression
    IN WitnessEndedWhileWaiting_TEExpression!expression
----

_trace ==
    LET WitnessEndedWhileWaiting_TETrace == INSTANCE WitnessEndedWhileWaiting_TETrace
    IN WitnessEndedWhileWaiting_TETrace!trace
----

_inv ==
    ~(
        TLCGet("level") = Len(_TETrace)
        /\
        decided = ([m1 |-> [olga |-> FALSE, paul |-> FALSE]])
        /\
        phase = ([m1 |-> "ended"])
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
    \*         IN J!JsonSerialize("WitnessEndedWhileWaiting_TTrace_1795456510.json", _TETrace)

=============================================================================

 Note that you can extract this module `WitnessEndedWhileWaiting_TEExpression`
  to a dedicated file to reuse `expression` (the module in the 
  dedicated `WitnessEndedWhileWaiting_TEExpression.tla` file takes precedence 
  over the module `WitnessEndedWhileWaiting_TEExpression` below).

---- MODULE WitnessEndedWhileWaiting_TEExpression ----
EXTENDS Sequences, TLCExt, Toolbox, Naturals, TLC, WitnessEndedWhileWaiting

expression == 
    [
        \* To hide variables of the `WitnessEndedWhileWaiting` spec from the error trace,
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
\*---- MODULE WitnessEndedWhileWaiting_TETrace ----
\*EXTENDS IOUtils, TLC, WitnessEndedWhileWaiting
\*
\*trace == IODeserialize("WitnessEndedWhileWaiting_TTrace_1795456510.bin", TRUE)
\*
\*=============================================================================
\*

---- MODULE WitnessEndedWhileWaiting_TETrace ----
EXTENDS TLC, WitnessEndedWhileWaiting

trace == 
    <<
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "absent"],standing |-> [m1 |-> [olga |-> "outsider", paul |-> "outsider"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "scheduled"],standing |-> [m1 |-> [olga |-> "organizing", paul |-> "outsider"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "scheduled"],standing |-> [m1 |-> [olga |-> "organizing", paul |-> "invited"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "open"],standing |-> [m1 |-> [olga |-> "organizing", paul |-> "invited"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "open"],standing |-> [m1 |-> [olga |-> "organizing", paul |-> "knocking"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "ended"],standing |-> [m1 |-> [olga |-> "organizing", paul |-> "knocking"]]])
    >>
----


=============================================================================

---- CONFIG WitnessEndedWhileWaiting_TTrace_1795456510 ----
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
\* Generated on Mon Nov 23 17:55:11 UTC 2026