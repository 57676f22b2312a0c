from contextlib import contextmanager

import pytest
from support.solving import make_problem
from support.systems import lorenz

from cubie_cli.kernels import compilation
from solvers.execution import engine
from solvers.targets.written import Written


class Heard:
    def __init__(self):
        self.lines = []

    def stage(self, text):
        self.lines.append(text)

    def warn(self, texts):
        self.lines += [f"warning: {text}" for text in texts]

    def hint(self, texts):
        self.lines += [f"hint: {text}" for text in texts]

    @contextmanager
    def timed(self, text):
        self.lines.append(f"{text} ...")
        yield


def plan(method="tsit5", target="cpu"):
    return engine.plan(make_problem(lorenz(), method, 1.0), target)


@pytest.fixture
def heard(monkeypatch):
    """Return a function that gives what is told of a kernel that takes some seconds, of which none pass."""

    def call(made, seconds):
        def compile_kernel(_plan, _arch, _listing, announce):
            announce(Written(12345, 6))
            return "a kernel"

        monkeypatch.setattr(engine, "compile_kernel", compile_kernel)
        monkeypatch.setattr(engine, "architecture", lambda *_: "zen +avx +fma")
        monkeypatch.setattr(compilation, "expected_seconds", lambda *_: seconds)
        audience = Heard()
        assert compilation.compile_plan(made, None, None, audience) == "a kernel"
        return audience.lines

    return call


def test_a_kernel_is_told_by_what_it_is_and_how_large(heard):
    assert heard(plan(), 59.0) == [
        "compiling ...",
        "compiling for cpu zen: tsit5, 3 states, 12,345 instructions",
    ]


def test_one_that_takes_long_is_told_with_what_to_do(heard):
    assert heard(plan("radau"), 190.0)[2:] == [
        "warning: a compiler takes about 3 minutes for that much",
        'hint: algorithm = "rodas5p" solves the stages one by one, and compiles in a fraction of that',
    ]


def test_nobody_need_listen():
    assert compilation.compile_plan(plan(), None, None, None).target == "cpu"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (60, "about a minute"),
        (100, "about 2 minutes"),
        (194, "about 3 minutes"),
        (1000, "about 20 minutes"),
        (3500, "about an hour"),
        (9000, "about 2 hours"),
        (1e7, "about 2,778 hours"),
    ],
)
def test_times_are_told_to_a_digit(seconds, told):
    assert compilation.duration(seconds) == told


@pytest.mark.parametrize(
    ("method", "target", "words"),
    [
        ("tsit5", "cpu", []),
        ("tsit5", "cuda", ["--target cpu"]),
        ("vern9", "cpu", ["tsit5"]),
        ("kvaerno5", "cpu", ["rosenbrock23", "not stiff"]),
        ("rosenbrock23", "cpu", ["not stiff"]),
        ("rodas5p", "cuda", ["rosenbrock23", "not stiff", "--target cpu"]),
        ("radau_iia_5", "cuda", ["rodas5p", "--target cpu"]),
    ],
)
def test_what_is_advised_suits_the_method(method, target, words):
    found = list(compilation.quicker(plan(method, target), None))
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def test_who_names_a_gpu_is_not_sent_to_the_processors():
    assert list(compilation.quicker(plan("tsit5", "cuda"), "sm_90")) == []
