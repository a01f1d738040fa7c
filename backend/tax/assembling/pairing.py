"""Which pairs of two kinds of things are beyond doubt: those that every largest assignment has. Pure.

Where two withdrawals could each be a deposit, and there is only one, nothing says which; where there are two of them,
and one of the withdrawals could only be the first, the other is the second. Nothing is guessed: a pair counts when no
assignment that settles as many could do without it.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

LARGEST = 400  # edges of a group that are still looked through one by one

Edges = Mapping[int, Sequence[int]]


def certain_pairs(edges: Edges) -> dict[int, int]:
    """Return the pairs that all largest assignments of left to right numbers have, left by left."""
    found: dict[int, int] = {}
    for lefts in groups(edges):
        if len(lefts) == 1:
            left = lefts[0]
            if len(edges[left]) == 1:
                found[left] = edges[left][0]
            continue
        if sum(len(edges[left]) for left in lefts) > LARGEST:
            continue
        mine = {left: edges[left] for left in lefts}
        largest = assignment(mine)
        for left, right in largest.items():
            rest = {each: [to for to in mine[each] if (each, to) != (left, right)] for each in lefts}
            if len(assignment(rest)) < len(largest):
                found[left] = right
    return found


def groups(edges: Edges) -> list[list[int]]:
    """Return the left numbers in groups that share no right number, in order."""
    by_right: dict[int, list[int]] = {}
    for left, rights in edges.items():
        for right in rights:
            by_right.setdefault(right, []).append(left)
    seen: set[int] = set()
    made = []
    for start in edges:
        if start in seen or not edges[start]:
            continue
        seen.add(start)
        group, waiting = [], [start]
        while waiting:
            left = waiting.pop()
            group.append(left)
            for right in edges[left]:
                for other in by_right[right]:
                    if other not in seen:
                        seen.add(other)
                        waiting.append(other)
        made.append(sorted(group))
    return made


def assignment(edges: Edges) -> dict[int, int]:
    """Return a largest assignment, each right number once; the same for the same edges (Kuhn's algorithm)."""
    left_of: dict[int, int] = {}
    for left in edges:
        _place(left, edges, left_of, set())
    return {left: right for right, left in left_of.items()}


def _place(start: int, edges: Edges, left_of: dict[int, int], tried: set[int]) -> bool:
    """Find a way from a left number to a free right one, and shift what is on it; no recursion: ways may be long."""
    way: list[tuple[int, int]] = []
    stack = [(start, iter(edges[start]))]
    while stack:
        left, rights = stack[-1]
        for right in rights:
            if right in tried:
                continue
            tried.add(right)
            way.append((left, right))
            if right not in left_of:
                for one, to in way:
                    left_of[to] = one
                return True
            other = left_of[right]
            stack.append((other, iter(edges[other])))
            break
        else:
            stack.pop()
            if way:
                way.pop()
    return False


def is_perfect(lefts: Sequence[int], edges: Edges, rights: AbstractSet[int]) -> bool:
    """Return whether both sides of a group have the same size and all of both can be paired at once."""
    return len(lefts) == len(rights) and len(assignment({left: edges[left] for left in lefts})) == len(lefts)
