"""Shapes of launches: the rules, and what overrides them."""

import pytest

from solvers.errors import PlanError
from solvers.execution.cuda.launch import PATIENCE, Grid, check_local, grid_rule, patience_rule, registers_rule
from solvers.execution.cuda.occupancy import KernelResources
from solvers.planning.plan import order_rule
from solvers.settings import KernelSettings

RULES = KernelSettings()
SM_90 = (9, 0)
#: Twelve blocks of 128 threads a multiprocessor.
LIGHT = KernelResources(40)


def launch(settings=RULES, resources=LIGHT, stride=0, **what):
    scattered = what.pop("scattered", 0)
    return grid_rule(settings, resources, stride, SM_90, **({"queue": False} | what), scattered_bytes=scattered)


@pytest.mark.parametrize(
    ("runs", "shape"),
    [(1, (1, 32)), (132 * 32, (132, 32)), (132 * 33, (69, 64)), (132 * 128, (132, 128)), (2**20, (8192, 128))],
)
def test_a_small_batch_is_spread(runs, shape):
    assert launch().shape(runs, 132) == shape
    blocks, threads = shape
    assert blocks * threads >= runs


def test_with_a_queue_the_grid_is_the_devices():
    assert launch(queue=True).shape(2**26, 132) == (12 * 132, 128)
    assert launch(queue=True).shape(1000, 132) == (32, 32)


def test_threads_take_enough_runs_to_end_together():
    # A million runs are 4 blocks of threads with 15 runs each; fewer would leave latency uncovered.
    assert launch(queue=True).shape(2**20, 132) == (4 * 132, 128)
    assert launch(queue=True).shape(2**21, 132) == (7 * 132, 128)


def test_who_saves_on_the_way_keeps_to_the_cache():
    assert launch(scattered=1200).resident == 2
    assert launch(scattered=300).resident == 10
    assert launch(scattered=10).resident == 12
    assert launch(scattered=10**6).resident == 2


@pytest.mark.parametrize(
    ("stack", "stride", "resident"),
    [(1832, 0, 3), (1768, 0, 3), (1832, 1000, 2), (3360, 0, 2), (3800, 0, None), (936, 0, None)],
)
def test_stacks_that_iterations_read_stay_in_the_multiprocessor(stack, stride, resident):
    heavy = KernelResources(255, stack_bytes=stack)
    assert launch(resources=heavy, stride=stride, iterates=True).resident == resident
    assert launch(resources=heavy, stride=stride).resident is None
    chosen = KernelSettings(threads=128)
    assert launch(chosen, resources=heavy, stride=stride, iterates=True).threads == 128


@pytest.mark.parametrize("queue", [False, True])
def test_settings_override_rules(queue):
    chosen = KernelSettings(threads=64, resident_blocks=3)
    assert launch(chosen, queue=queue, scattered=1200).shape(2**20, 132) == (3 * 132, 64)
    assert launch(KernelSettings(resident_blocks=100)).resident == 12


def test_no_thread_has_room_for_very_large_systems():
    check_local(512 * 1024)
    with pytest.raises(PlanError, match="524,289 bytes") as refused:
        check_local(512 * 1024 + 1)
    assert "--target cpu" in refused.value.hint


def test_no_warp_fits():
    assert launch(stride=8 * 1024) is None
    assert launch(KernelSettings(threads=256), stride=2 * 1024) is None


def test_who_is_put_in_order():
    assert order_rule(RULES, disorder=1, adaptive=True)
    assert not order_rule(RULES, disorder=0, adaptive=True)
    assert not order_rule(RULES, disorder=1, adaptive=False)
    assert not order_rule(KernelSettings(order=False), disorder=1, adaptive=True)
    assert order_rule(KernelSettings(order=True), disorder=0, adaptive=False)


def patience(settings=RULES, disorder=4, states=3, *, adaptive=True, saves=False, threads=1):
    what = {"disorder": disorder, "adaptive": adaptive, "saves": saves, "states": states, "threads_per_run": threads}
    return patience_rule(settings, **what)


def test_who_takes_runs_from_a_queue():
    assert patience() == PATIENCE
    assert patience(disorder=3) == 0
    assert patience(states=32) == 0
    assert patience(adaptive=False) == 0
    assert patience(saves=True) == 0
    assert patience(threads=2) == 0
    assert patience(KernelSettings(patience=0)) == 0
    assert patience(KernelSettings(patience=7), disorder=0, states=32, saves=True) == 7


def test_a_launch_of_one_run_a_thread():
    assert Grid(128, None).shape(129, 1) == (2, 128)


def registers(settings=RULES, *, single=True, adaptive=True, explicit=True, states=3):
    return registers_rule(settings, single=single, adaptive=adaptive, explicit=explicit, states=states)


def test_registers_are_the_assemblers_to_take_but_in_light_adaptive_single_precision():
    assert registers(single=False) == registers(adaptive=False) == registers(explicit=False) == 255
    assert registers() is registers(states=20) is registers(explicit=False, states=2) is None
    assert registers(KernelSettings(max_registers=64)) == 64
