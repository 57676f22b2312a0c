from pathlib import Path
from types import SimpleNamespace

import pytest

from cubie_cli.documents.messages import DeviceError
from cubie_cli.runs.devices import devices_of, pilot, worth_sharing
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


@pytest.mark.parametrize(
    ("there", "chosen", "told"), [((), None, "no GPU any more"), ((), (0,), "no GPU any more"), ((0, 1), (2,), "GPU 2")]
)
def test_gpus_that_are_not_there_are_told(monkeypatch, there, chosen, told):
    monkeypatch.setattr("cubie_cli.runs.devices.engine.alike_devices", lambda: there)
    configuration = SimpleNamespace(devices=chosen)
    batch = SimpleNamespace(
        target="cuda", tracing=None, output=Path("r.h5"), place=None, job=SimpleNamespace(configuration=configuration)
    )
    with pytest.raises(DeviceError, match=told):
        devices_of(batch)
