"""The order of a straight-line function's operations: each as late as its first user allows."""

from solvers.straightline.record import Operation, Record
from solvers.straightline.recorded import Recorded

#: Effects whose order among each other is part of their meaning.
_ORDERED = frozenset({"gather", "scatter", "loop", "settle"})


def by_demand(recorded: Recorded) -> Recorded:
    """Return the same operations, ordered so that few values are alive at once.

    Whatever is final, in the order recorded, asks for its operands, the deepest first, and these for theirs. A step
    recorded stage by stage keeps every slope of every state until the last stage; ordered by demand, a state whose
    equation involves few others is finished, and its slopes dead, before the states far from it are begun.
    Functions that read or write memory of all runs or lanes, or have loops, stay as they are.
    """
    operations = recorded.record.operations
    if any(operation.kind in _ORDERED for operation in operations):
        return recorded
    return _rewrite(recorded, _order(operations, [result.position for result in recorded.results]))


class _Ordering:
    """Positions of operations in their new order, as they are asked for."""

    def __init__(self, operations: list[Operation]) -> None:
        self.order: list[int] = []
        self._operations = operations
        self._done: set[int] = set()
        self._depths = _depths(operations)
        self._loads = {each.detail: position for position, each in enumerate(operations) if each.kind == "load"}
        self.stores: dict[int, list[int]] = {}
        for position, operation in enumerate(operations):
            if operation.kind == "store":
                self.stores.setdefault(operation.operands[0], []).append(position)

    def demand(self, root: int) -> None:
        """Put a value and all it needs, if it is not there yet."""
        pending = [] if root in self._done else [root]
        while pending:
            position = pending[-1]
            missing = [each for each in self._operations[position].operands if each not in self._done]
            if missing:
                pending += sorted(missing, key=self._depths.__getitem__)
                continue
            pending.pop()
            if position not in self._done:
                self._put(position)

    def _put(self, position: int) -> None:
        """Put a value, and the stores of it; before a store whoever still wants what it overwrites has loaded it."""
        self._done.add(position)
        self.order.append(position)
        due = list(self.stores.get(position, ()))
        while due:
            store = due.pop()
            before = self._loads.get(self._operations[store].detail)
            if before is not None and before not in self._done:
                self._done.add(before)
                self.order.append(before)
                due += self.stores.get(before, ())
            self.order.append(store)


def _order(operations: list[Operation], results: list[int]) -> list[int]:
    """Return positions in their new order."""
    ordering = _Ordering(operations)
    used = {each for operation in operations if operation.kind != "store" for each in operation.operands}
    final = {value for value in ordering.stores if value not in used}
    # What is stored may be used by nothing but what nobody wants.
    for root in [*sorted(final.union(results)), *sorted(ordering.stores)]:
        ordering.demand(root)
    return ordering.order


def _depths(operations: list[Operation]) -> list[int]:
    """Return how long the longest chain of operations that leads to each is."""
    depths: list[int] = []
    for operation in operations:
        depths.append(1 + max((depths[each] for each in operation.operands), default=0))
    return depths


def _rewrite(recorded: Recorded, order: list[int]) -> Recorded:
    operations = recorded.record.operations
    places = {old: new for new, old in enumerate(order)}
    log = Record()
    log.operations = [operations[old].moved(places) for old in order]
    return recorded.rewritten(log, places)
