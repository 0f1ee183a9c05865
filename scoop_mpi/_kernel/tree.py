"""The way of constants: from rank 0 to one rank of each node, and from that to its neighbours.

        node 0: rank 0 ──► 1, 2, 3            rank 0 leads node 0
          │       └──────────────┐
        node 1: rank 4 ──► 5   node 2: rank 6 ──► 7
          └──► node 3, node 4    └──► node 5, ...

The lowest living rank of a node leads it. Each node is told by the nearest node above it that has
a living rank: so the loss of a rank changes the way of few others, and all who know of the same
losses see the same tree.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet

FANOUT = 2
"""How many nodes one node tells."""


class Tree:
    """Who tells whom.

    Args:
        nodes: For each rank, the name of its node.
    """

    def __init__(self, nodes: Sequence[Hashable]) -> None:
        numbers: dict[Hashable, int] = {}
        self._node = [numbers.setdefault(node, len(numbers)) for node in nodes]
        self._ranks: list[list[int]] = [[] for _ in numbers]
        """The ranks of each node; nodes are numbered in the order of their first ranks."""
        for rank, node in enumerate(self._node):
            self._ranks[node].append(rank)

    def below(self, rank: int, lost: AbstractSet[int]) -> list[int]:
        """Return the ranks that this one tells: leaders of other nodes first, then neighbours."""
        node = self._node[rank]
        mates = [mate for mate in self._ranks[node] if mate not in lost]
        if mates[0] != rank:
            return []
        leaders = []
        nodes = self._nodes_below(node)
        for other in nodes:  # which grows meanwhile
            living = [leader for leader in self._ranks[other] if leader not in lost]
            if living:
                leaders.append(living[0])
            else:
                nodes += self._nodes_below(other)
        return leaders + mates[1:]

    def _nodes_below(self, node: int) -> list[int]:
        first = FANOUT * node + 1
        return list(range(first, min(first + FANOUT, len(self._ranks))))
