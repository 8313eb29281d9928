---- MODULE BrokenForeignTicket_TTrace_1795456513 ----
EXTENDS Sequences, TLCExt, Toolbox, Naturals, TLC, BrokenForeignTicket

_expression ==
    LET BrokenForeignTicket_TEExpression == INSTANCE BrokenForeignTicket_TEExpression
    IN BrokenForeignTicket_TEExpression!expression
----

_trace ==
    LET BrokenForeignTicket_TETrace == INSTANCE BrokenForeignTicket_TETrace
    IN BrokenForeignTicket_TETrace!trace
----

_inv ==
    ~(
        TLCGet("level") = Len(_TETrace)
        /\
        roster = ([m1 |-> [olga |-> [t1 |-> FALSE]], m2 |-> [olga |-> [t1 |-> TRUE]]])
        /\
        ticket = ([m1 |-> [olga |-> [t1 |-> "present"]], m2 |-> [olga |-> [t1 |-> "none"]]])
        /\
        entered = ([m1 |-> [olga |-> [t1 |-> 1]], m2 |-> [olga |-> [t1 |-> 0]]])
        /\
        room = ([m1 |-> "open", m2 |-> "open"])
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
    \*         IN J!JsonSerialize("BrokenForeignTicket_TTrace_1795456513.json", _TETrace)

=============================================================================

 Note that you can extract this module `BrokenForeignTicket_TEExpression`
  to a dedicated file to reuse `expression` (the module in the 
  dedicated `BrokenForeignTicket_TEExpression.tla` file takes precedence 
  over the module `BrokenForeignTicket_TEExpression` below).

---- MODULE BrokenForeignTicket_TEExpression ----
EXTENDS Sequences, TLCExt, Toolbox, Naturals, TLC, BrokenForeignTicket

expression == 
    [
        \* To hide variables of the `BrokenForeignTicket` spec from the error trace,
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
\*---- MODULE BrokenForeignTicket_TETrace ----
\*EXTENDS IOUtils, TLC, BrokenForeignTicket
\*
\*trace == IODeserialize("BrokenForeignTicket_TTrace_1795456513.bin", TRUE)
\*
\*=============================================================================
\*

---- MODULE BrokenForeignTicket_TETrace ----
EXTENDS TLC, BrokenForeignTicket

trace == 
    <<
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE]], m2 |-> [olga |-> [t1 |-> FALSE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "none"]], m2 |-> [olga |-> [t1 |-> "none"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 0]], m2 |-> [olga |-> [t1 |-> 0]]],room |-> [m1 |-> "shut", m2 |-> "shut"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE]], m2 |-> [olga |-> [t1 |-> FALSE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "none"]], m2 |-> [olga |-> [t1 |-> "none"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 0]], m2 |-> [olga |-> [t1 |-> 0]]],room |-> [m1 |-> "open", m2 |-> "shut"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE]], m2 |-> [olga |-> [t1 |-> FALSE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "none"]], m2 |-> [olga |-> [t1 |-> "none"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 0]], m2 |-> [olga |-> [t1 |-> 0]]],room |-> [m1 |-> "open", m2 |-> "open"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE]], m2 |-> [olga |-> [t1 |-> FALSE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "granted"]], m2 |-> [olga |-> [t1 |-> "none"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 0]], m2 |-> [olga |-> [t1 |-> 0]]],room |-> [m1 |-> "open", m2 |-> "open"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE]], m2 |-> [olga |-> [t1 |-> TRUE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "present"]], m2 |-> [olga |-> [t1 |-> "none"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 1]], m2 |-> [olga |-> [t1 |-> 0]]],room |-> [m1 |-> "open", m2 |-> "open"]])
    >>
----


=============================================================================

---- CONFIG BrokenForeignTicket_TTrace_1795456513 ----
CONSTANTS
    Meetings = { "m1" , "m2" }
    People = { "olga" }
    Tickets = { "t1" }

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
\* Generated on Mon Nov 23 17:55:13 UTC 2026