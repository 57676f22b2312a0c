"""What a result tells of events: which variables there are, in which order, and what they are."""

from dataclasses import replace

import pytest

from solvers.equations.quantities import EventFacts, Quantities
from solvers.planning.event_findings import event_findings
from solvers.planning.exchange import Exchange
from solvers.planning.findings import Finding
from solvers.settings import SaveSettings, SolveSettings

UNITS = {"t": "h", "y": "mg", "w": "l"}
PLAIN = EventFacts("dose")
FULL = EventFacts("top", stop=2, first=3, states=(1, 0), observables=(0,))
QUANTITIES = Quantities("", ("x", "y"), (0.0, 0.0), (), (), ("w",), UNITS)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_system_tells_of_each_event_in_the_order_written(precision):
    quantities = replace(QUANTITIES, event_facts=(PLAIN, FULL))
    assert event_findings(quantities, precision) == (
        Finding("t_end", "end of the run", units="h"),
        Finding("dose_count", "how often dose fired", "int32"),
        Finding("top_count", "how often top fired", "int32"),
        Finding("top_time", "when top fired", "float64", "h", "top_firing", 3),
        Finding("top_y", "y when top fired", precision, "mg", "top_firing", 3),
        Finding("top_x", "x when top fired", precision, None, "top_firing", 3),
        Finding("top_w", "w when top fired", precision, "l", "top_firing", 3),
    )


def test_the_end_is_told_where_an_event_can_stop_a_run():
    assert [finding.name for finding in event_findings(replace(QUANTITIES, event_facts=(PLAIN,)), "float64")] == [
        "dose_count"
    ]
    assert event_findings(QUANTITIES, "float64") == ()


def test_they_are_rows_of_what_a_kernel_writes():
    solve = SolveSettings("tsit5", 0.0, 1.0, (1e-9, 1e-9), precision="float32")
    exchange = Exchange(replace(QUANTITIES, event_facts=(PLAIN, FULL)), solve, SaveSettings((0,)))
    assert exchange.finding_rows == 3 + 4 * 3
    assert exchange.empty_results(5)[1].shape == (15, 5)
