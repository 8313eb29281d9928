---- MODULE WitnessTwoDevices_TTrace_1795456525 ----
EXTENDS Sequences, TLCExt, WitnessTwoDevices, Toolbox, Naturals, TLC

_expression ==
    LET WitnessTwoDevices_TEExpression == INSTANCE WitnessTwoDevices_TEExpression
    IN WitnessTwoDevices_TEExpression!expression
----

_trace ==
    LET WitnessTwoDevices_TETrace == INSTANCE WitnessTwoDevices_TETrace
    IN WitnessTwoDevices_TETrace!trace
----

_inv ==
    ~(
        TLCGet("level") = Len(_TETrace)
        /\
        roster = ([m1 |-> [olga |-> [t1 |-> FALSE, t2 |-> TRUE]]])
        /\
        ticket = ([m1 |-> [olga |-> [t1 |-> "dropped", t2 |-> "present"]]])
        /\
        entered = ([m1 |-> [olga |-> [t1 |-> 1, t2 |-> 1]]])
        /\
        room = ([m1 |-> "open"])
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
    \*         IN J!JsonSerialize("WitnessTwoDevices_TTrace_1795456525.json", _TETrace)

=============================================================================

 Note that you can extract this module `WitnessTwoDevices_TEExpression`
  to a dedicated file to reuse `expression` (the module in the 
  dedicated `WitnessTwoDevices_TEExpression.tla` file takes precedence 
  over the module `WitnessTwoDevices_TEExpression` below).

---- MODULE WitnessTwoDevices_TEExpression ----
EXTENDS Sequences, TLCExt, WitnessTwoDevices, Toolbox, Naturals, TLC

expression == 
    [
        \* To hide variables of the `WitnessTwoDevices` spec from the error trace,
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
\*---- MODULE WitnessTwoDevices_TETrace ----
\*EXTENDS IOUtils, WitnessTwoDevices, TLC
\*
\*trace == IODeserialize("WitnessTwoDevices_TTrace_1795456525.bin", TRUE)
\*
\*=============================================================================
\*

---- MODULE WitnessTwoDevices_TETrace ----
EXTENDS WitnessTwoDevices, TLC

trace == 
    <<
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE, t2 |-> FALSE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "none", t2 |-> "none"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 0, t2 |-> 0]]],room |-> [m1 |-> "shut"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE, t2 |-> FALSE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "none", t2 |-> "none"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 0, t2 |-> 0]]],room |-> [m1 |-> "open"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE, t2 |-> FALSE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "granted", t2 |-> "none"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 0, t2 |-> 0]]],room |-> [m1 |-> "open"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE, t2 |-> FALSE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "granted", t2 |-> "granted"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 0, t2 |-> 0]]],room |-> [m1 |-> "open"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> TRUE, t2 |-> FALSE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "present", t2 |-> "granted"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 1, t2 |-> 0]]],room |-> [m1 |-> "open"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> TRUE, t2 |-> TRUE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "present", t2 |-> "present"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 1, t2 |-> 1]]],room |-> [m1 |-> "open"]]),
    ([roster |-> [m1 |-> [olga |-> [t1 |-> FALSE, t2 |-> TRUE]]],ticket |-> [m1 |-> [olga |-> [t1 |-> "dropped", t2 |-> "present"]]],entered |-> [m1 |-> [olga |-> [t1 |-> 1, t2 |-> 1]]],room |-> [m1 |-> "open"]])
    >>
----


=============================================================================

---- CONFIG WitnessTwoDevices_TTrace_1795456525 ----
CONSTANTS
    Meetings = { "m1" }
    People = { "olga" }
    Tickets = { "t1" , "t2" }

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
\* Generated on Mon Nov 23 17:55:25 UTC 2026