"""Paths through a state graph for somebody who tests a server: the server's own acts follow at once, by themselves.

A *move* is an act that the tester brings about together with all acts of the server that follow from it.  All moves
start and end in *stable* states, in which the server has nothing more to do.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from .errors import GraphError
from .graph import Graph

Edge = tuple[int, int, str, tuple[str, ...]]
Path = tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """The edges of one act of the tester and of what follows from it, and the stable state after them."""

    edges: Path
    target: int


class Paths:
    """Shortest paths from the initial state, and few paths that cover everything.

    `order` is the canonical order of actions: it decides between paths of the same length. `possible` says which edges
    a tester can bring about.
    """

    def __init__(
        self, graph: Graph, order: Sequence[str], transient: frozenset[int], possible: Callable[[Edge], bool]
    ) -> None:
        (self._init,) = graph.init
        rank = {name: index for index, name in enumerate(order)}
        edges = defaultdict(list)
        for edge in sorted(filter(possible, graph.edges), key=lambda edge: (edge[0], rank[edge[2]], edge[3])):
            edges[edge[0]].append(edge)
        self._edges = edges
        self._server = {name for name, info in graph.actions.items() if info.by == "server"}
        self._transient = transient
        self._moves: dict[int, tuple[Move, ...]] = {}
        self._reached = self._breadth_first(self._init)

    def found_at(self, state: int) -> int | None:
        """The state's place in the breadth-first order; None if no path leads to it."""
        return self._reached[state][0] if state in self._reached else None

    def to(self, state: int) -> Path:
        """The shortest path from the initial state, the first one in the canonical order."""
        path: list[Move] = []
        while (step := self._reached[state][1]) is not None:
            source, move = step
            path.append(move)
            state = source
        return tuple(edge for move in reversed(path) for edge in move.edges)

    def cover(self, kind: Callable[[Edge], Hashable], longest: int) -> Iterator[tuple[Path, list[Edge]]]:
        """Few paths that together contain an edge of every kind, each with its edges of kinds that are new.

        Greedy: always on to the nearest move with something new, until a path would get longer than `longest` edges.
        """
        left = {kind(edge) for state in self._reached for move in self._moves_from(state) for edge in move.edges}
        while left:
            state = self._init
            path: Path = ()
            new: list[Edge] = []
            while (leg := self._nearest(state, lambda edge: kind(edge) in left)) is not None:
                moves, state = leg
                edges = tuple(edge for move in moves for edge in move.edges)
                if path and len(path) + len(edges) > longest:
                    break
                for edge in edges:
                    if kind(edge) in left:
                        left.discard(kind(edge))
                        new.append(edge)
                path += edges
            if not path:
                raise GraphError(f"no path leads to {len(left)} classes of edges, such as {left.pop()}")
            yield path, new

    def _moves_from(self, state: int) -> tuple[Move, ...]:
        if state not in self._moves:
            self._moves[state] = tuple(self._settled((edge,)) for edge in self._edges[state])
        return self._moves[state]

    def _settled(self, edges: Path) -> Move:
        target = edges[-1][1]
        while target in self._transient:
            edge = next(edge for edge in self._edges[target] if edge[2] in self._server)
            edges, target = (*edges, edge), edge[1]
        return Move(edges, target)

    def _breadth_first(self, start: int) -> dict[int, tuple[int, tuple[int, Move] | None]]:
        reached: dict[int, tuple[int, tuple[int, Move] | None]] = {start: (0, None)}
        queue = deque([start])
        while queue:
            state = queue.popleft()
            for move in self._moves_from(state):
                if move.target not in reached:
                    reached[move.target] = (len(reached), (state, move))
                    queue.append(move.target)
        return reached

    def _nearest(self, start: int, wanted: Callable[[Edge], bool]) -> tuple[list[Move], int] | None:
        """The shortest series of moves that ends with one that has a wanted edge."""
        before: dict[int, tuple[int, Move] | None] = {start: None}
        queue = deque([start])
        while queue:
            state = queue.popleft()
            for move in self._moves_from(state):
                if any(map(wanted, move.edges)):
                    moves = [move]
                    while (step := before[state]) is not None:
                        state, earlier = step
                        moves.append(earlier)
                    return moves[::-1], move.target
                if move.target not in before:
                    before[move.target] = (state, move)
                    queue.append(move.target)
        return None
