---- MODULE BrokenNobodyPutOut_TTrace_1795456515 ----
EXTENDS Sequences, TLCExt, Toolbox, Naturals, TLC, BrokenNobodyPutOut

_expression ==
    LET BrokenNobodyPutOut_TEExpression == INSTANCE BrokenNobodyPutOut_TEExpression
    IN BrokenNobodyPutOut_TEExpression!expression
----

_trace ==
    LET BrokenNobodyPutOut_TETrace == INSTANCE BrokenNobodyPutOut_TETrace
    IN BrokenNobodyPutOut_TETrace!trace
----

_prop ==
    ~<>[](
        roster = ([m1 |-> [olga |-> [t1 |-> TRUE]]])
        /\
        ticket = ([m1 |-> [olga |-> [t1 |-> "present"]]])
        /\
        entered = ([m1 |-> [olga |-> [t1 |-> 1]]])
        /\
        room = ([m1 |-> "closed"])
    )
----

_init ==
    /\ room = _TETrace[1].room
    /\ ticket = _TETrace[1].ticket
    /\ entered = _TETrace[1].entered
    /\ roster = _TETrace[1].roster
----

_next ==
    /\ \E i,j \in DOMAIN _TETrace:
        /\ \/ /\ j = i + 1
              /\ i = TLCGet("level")
        /\ room  = _TETrace[i].room
        /\ room' = _TETrace[j].room
        /\ ticket  = _TETrace[i].ticket
        /\ ticket' = _TETrace[j].ticket
        /\ entered  = _TETrace[i].entered
        /\ entered' = _TETrace[j].entered
        /\ roster  = _TETrace[i].roster
        /\ roster' = _TETrace[j].roster

\* Uncomment the ASSUME below to write the states of the error trace
\* to the given file in Json format. Note that you can pass any tuple
\* to `JsonSerialize`. For example, a sub-sequence of _TETrace.
    \* ASSUME
    \*     LET J == INSTANCE Json
    \*         IN J!JsonSerialize("BrokenNobodyPutOut_TTrace_1795456515.json", _TETrace)

=============================================================================

 Note that you can extract this module `BrokenNobodyPutOut_TEExpression`
  to a dedicated file to reuse `expression` (the module in the 
  dedicated `BrokenNobodyPutOut_TEExpression.tla` file takes precedence 
  over the module `BrokenNobodyPutOut_TEExpression` below).

---- MODULE BrokenNobodyPutOut_TEExpression ----
EXTENDS Sequences, TLCExt, Toolbox, Naturals, TLC, BrokenNobodyPutOut

expression == 
    [
        \* To hide variables of the `BrokenNobodyPutOut` spec from the error trace,
        \* remove the variables below.  The trace will be written in the order
        \* of the fields of this record.
        room |-> room
        ,ticket |-> ticket
        ,entered |-> entered
        ,roster |-> roster
        
        \* Put additional constant-, state-, and action-level expressions here:
        \* ,_stateNumber |-> _TEPosition
        \* ,_roomUnchanged |-> room = room'
        
        \* Format the `room` variable as Json value.
        \* ,_roomJson |->
        \*     LET J == INSTANCE Json
        \*     IN J!ToJson(room)
        
        \* Lastly, you may build expressions over arbitrary sets of states by
        \* leveraging the _TETrace operator.  For example, this is how to
        \* count the number of times a spec variable changed up to the current
        \* state in the trace.
        \* ,_roomModCount |->
        \*     LET F[s \in DOMAIN _TETrace] ==
        \*         IF s = 1 THEN 0
        \*         ELSE IF _TETrace[s].room # _TETrace[s-1].room
        \*             THEN 1 + F[s-1] ELSE F[s-1]
        \*     IN F[_TEPosition - 1]
    ]

=============================================================================



Parsing and semantic processing can take forever if the trace below is long.
 In this case, it is advised to uncomment the module below to deserialize the
 trace from a generated binary file.

\*
\*---- MODULE BrokenNobodyPutOut_TETrace ----
\*EXTENDS IOUtils, TLC, BrokenNobodyPutOut
\*
\*trace == IODeserialize("BrokenNobodyPutOut_TTrace_1795456515.bin", TRUE)
\*
\*=============================================================================
\*

---- MODULE BrokenNobodyPutOut_TETrace ----
EXTENDS TLC, BrokenNobodyPutOut

trace == 
    <<
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "none"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 0]]],room |-> [m1 |-> "shut"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "none"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 0]]],room |-> [m1 |-> "open"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "granted"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 0]]],room |-> [m1 |-> "open"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> TRUE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "present"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 1]]],room |-> [m1 |-> "open"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> TRUE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "present"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 1]]],room |-> [m1 |-> "closed"]])
    >>
----


=============================================================================

---- CONFIG BrokenNobodyPutOut_TTrace_1795456515 ----
CONSTANTS
    Meetings = { "m1" }
    People = { "olga" }
    Tickets = { "t1" }

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
\* Generated on Mon Nov 23 17:55:16 UTC 2026