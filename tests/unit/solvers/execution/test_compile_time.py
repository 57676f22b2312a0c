import pytest
from support.solving import make_problem
from support.systems import make_system

from solvers.execution import engine
from solvers.execution.compile_time import expected_seconds
from solvers.targets.written import Written

#: Kernels: instructions and functions, and the seconds that compiling them took once optimising began.
CUDA = [
    ("heat 64, tsit5", 12433, 0, 0.9),
    ("mass action 50, tsit5", 17030, 0, 3.6),
    ("heat 256, tsit5", 44113, 0, 7.7),
    ("mass action 50, rodas5p", 55021, 0, 13.9),
    ("heat 256, rodas5p", 68732, 0, 36.9),
    ("ring 32, tsit5", 7438, 256, 9.0),
    ("ring 32, rodas5p", 10876, 384, 18.5),
    ("each with each 12, tsit5", 5698, 528, 46.7),
]
CPU = [
    ("mass action 50, tsit5", 21602, 0, 1.0),
    ("radau_iia_5, heat 64", 46021, 0, 3.3),
    ("heat 256, tsit5", 53594, 0, 3.8),
    ("mass action 50, rodas5p", 61278, 0, 5.3),
    ("heat 256, rodas5p", 79315, 0, 6.7),
    ("mass action 53, radau_iia_5", 200595, 0, 60.6),
]


@pytest.mark.parametrize(("target", "measured"), [("cuda", CUDA), ("cpu", CPU)])
def test_the_time_is_known_to_within_a_factor_of_three(target, measured):
    for name, instructions, functions, seconds in measured:
        expected = expected_seconds(target, Written(instructions, functions))
        assert seconds / 3 < expected < 3 * seconds, name


class EnoughError(Exception):
    pass


def written(method, states=24):
    """Return how much is written for a system in which everything depends on everything."""

    def announce(found):
        raise EnoughError(found)

    names = [f"y{index}" for index in range(states)]
    system = make_system(dict.fromkeys(names, 1.0), {name: f"-{name}*({'+'.join(names)})" for name in names})
    with pytest.raises(EnoughError) as caught:
        engine.compile_kernel(engine.plan(make_problem(system, method, 1.0), "cpu"), announce=announce)
    (found,) = caught.value.args
    return found


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("method", "quicker", "part"),
    [
        ("radau_iia_5", "rodas5p", 0.5),
        ("rodas5p", "tsit5", 0.5),
        ("rodas5p", "rosenbrock23", 0.8),
        ("vern9", "tsit5", 0.8),
    ],
)
def test_what_is_advised_takes_less_time(method, quicker, part):
    assert expected_seconds("cpu", written(quicker)) < part * expected_seconds("cpu", written(method))


def test_functions_of_a_gpu_are_counted():
    if reason := engine.why_cannot_compile("cuda"):
        pytest.skip(reason[0])
    found = []
    for equation in ("abs(x)", "abs(x) + atan(x)"):
        problem = make_problem(make_system({"x": 1.0}, {"x": equation}), "rk4", 1.0, dt=0.5)
        engine.compile_kernel(engine.plan(problem, "cuda"), "sm_90", announce=found.append)
    without, with_arctangent = found
    assert without.functions == 0
    assert with_arctangent.functions >= 4  # one a stage
    assert with_arctangent.instructions > without.instructions > 100
