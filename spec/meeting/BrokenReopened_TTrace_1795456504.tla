---- MODULE BrokenReopened_TTrace_1795456504 ----
EXTENDS Sequences, TLCExt, Toolbox, Naturals, TLC, BrokenReopened_TEConstants, BrokenReopened

_expression ==
    LET BrokenReopened_TEExpression == INSTANCE BrokenReopened_TEExpression
    IN BrokenReopened_TEExpression!expression
----

_trace ==
    LET BrokenReopened_TETrace == INSTANCE BrokenReopened_TETrace
    IN BrokenReopened_TETrace!trace
----

_prop ==
    ~(([]<>(
            decided = ([m1 |-> [olga |-> FALSE, paul |-> FALSE]])
            /\
            phase = ([m1 |-> "ended"])
            /\
            standing = ([m1 |-> [olga |-> "refused", paul |-> "organizing"]])
    ))/\([]<>(
            decided = ([m1 |-> [olga |-> FALSE, paul |-> FALSE]])
            /\
            phase = ([m1 |-> "open"])
            /\
            standing = ([m1 |-> [olga |-> "refused", paul |-> "organizing"]])
    )))
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
           \/ /\ i = _TTraceLassoEnd
              /\ j = _TTraceLassoStart
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
    \*         IN J!JsonSerialize("BrokenReopened_TTrace_1795456504.json", _TETrace)


_view ==
    <<decided, phase, standing, IF TLCGet("level") = _TTraceLassoEnd + 1 THEN _TTraceLassoStart ELSE TLCGet("level")>>
=============================================================================

 Note that you can extract this module `BrokenReopened_TEExpression`
  to a dedicated file to reuse `expression` (the module in the 
  dedicated `BrokenReopened_TEExpression.tla` file takes precedence 
  over the module `BrokenReopened_TEExpression` below).

---- MODULE BrokenReopened_TEExpression ----
EXTENDS Sequences, TLCExt, Toolbox, Naturals, TLC, BrokenReopened_TEConstants, BrokenReopened

expression == 
    [
        \* To hide variables of the `BrokenReopened` spec from the error trace,
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
\*---- MODULE BrokenReopened_TETrace ----
\*EXTENDS IOUtils, TLC, BrokenReopened_TEConstants, BrokenReopened
\*
\*trace == IODeserialize("BrokenReopened_TTrace_1795456504.bin", TRUE)
\*
\*=============================================================================
\*

---- MODULE BrokenReopened_TETrace ----
EXTENDS TLC, BrokenReopened_TEConstants, BrokenReopened

trace == 
    <<
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "absent"],standing |-> [m1 |-> [olga |-> "outsider", paul |-> "outsider"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "scheduled"],standing |-> [m1 |-> [olga |-> "outsider", paul |-> "organizing"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "scheduled"],standing |-> [m1 |-> [olga |-> "invited", paul |-> "organizing"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "open"],standing |-> [m1 |-> [olga |-> "invited", paul |-> "organizing"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "open"],standing |-> [m1 |-> [olga |-> "knocking", paul |-> "organizing"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "open"],standing |-> [m1 |-> [olga |-> "refused", paul |-> "organizing"]]]),
    ([decided |-> [m1 |-> [olga |-> FALSE, paul |-> FALSE]],phase |-> [m1 |-> "ended"],standing |-> [m1 |-> [olga |-> "refused", paul |-> "organizing"]]])
    >>
----


=============================================================================

---- MODULE BrokenReopened_TEConstants ----
EXTENDS BrokenReopened

CONSTANTS _TTraceLassoStart, _TTraceLassoEnd

=============================================================================

---- CONFIG BrokenReopened_TTrace_1795456504 ----
CONSTANTS
    Meetings = { "m1" }
    People = { "olga" , "paul" }
_TTraceLassoStart = 6
_TTraceLassoEnd = 7

PROPERTY
    _prop

CHECK_DEADLOCK
    \* CHECK_DEADLOCK off because of PROPERTY or INVARIANT above.
    FALSE

INIT
    _init

NEXT
    _next

VIEW
    _view

CONSTANT
    _TETrace <- _trace

ALIAS
    _expression
=============================================================================
\* Generated on Mon Nov 23 17:55:04 UTC 2026