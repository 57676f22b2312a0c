from types import SimpleNamespace

from cubie_cli.runs.devices import pilot, worth_sharing
from cubie_cli.runs.pace import Pace
from cubie_cli.runs.solving import _remaining


def test_what_is_left_is_tried_before_it_is_shared():
    begun = SimpleNamespace(finished=(range(40, 50), range(20)))
    left = list(_remaining(SimpleNamespace(selected=range(1000), begun=begun)))
    assert left == [range(20, 40), range(50, 1000)]
    pace = Pace(160, 160, 1000)
    few, others = pilot(left, pace)
    assert few == [range(20, 30)]
    assert others == [range(30, 40), range(50, 1000)]
    pace.measured(10, 1.0)
    assert worth_sharing(others, pace)
    assert not worth_sharing([range(10)], pace)
