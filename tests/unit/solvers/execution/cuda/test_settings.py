"""Settings on a GPU: one block of constant memory, by name, and code that looks at nothing in it before it runs."""

from dataclasses import replace

import pytest
from support.solving import make_problem
from support.systems import lorenz

from solvers.errors import PlanError
from solvers.execution import engine
from solvers.execution.cuda.launch import Launch
from solvers.execution.cuda.toolchain import elf_sections
from solvers.straightline.setting import SLOT_BYTES, SYMBOL
from solvers.targets.cuda.target import CONSTANT_BYTES, CudaTarget
from solvers.targets.listing import Listing


def compiled(problem):
    """Return a kernel and its PTX."""
    listing = Listing()
    kernel = engine.compile_kernel(engine.plan(problem, "cuda"), "sm_90", listing)
    (ptx,) = (text.content for text in listing.texts if text.name == "kernel.ptx")
    return kernel, ptx


CASES = {
    "fixed": (("rk4", 1.0), {"dt": 0.1, "precision": "float32"}, {"t1": 3.0, "dt": 0.02}),
    "adaptive": (("tsit5", 1.0), {"every": 0.1}, {"t0": -1.0, "rtol": 1e-9, "atol": (1e-3,) * 3, "max_steps": 9}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_code_is_the_same_whatever_is_set(case):
    arguments, settings, change = CASES[case]
    problem = make_problem(lorenz(), *arguments, **settings)
    kernel, ptx = compiled(problem)
    save = replace(problem.save, every=problem.save.every and 0.01)
    other, same = compiled(replace(problem, solve=replace(problem.solve, **change), save=save))
    assert ptx == same
    assert kernel.settings == other.settings
    sections = elf_sections(kernel.code)
    assert len(sections[".nv.constant3"]) == SLOT_BYTES * len(kernel.settings)
    assert SYMBOL.encode() in sections[".strtab"].split(b"\0")


def test_the_shape_of_a_launch_follows_what_is_saved():
    problem = make_problem(lorenz(), "tsit5", 1.0, every=0.25)
    kernel, _ = compiled(problem)
    launch = Launch.from_json(kernel.details)
    often = replace(problem, save=replace(problem.save, every=1e-6))
    assert launch.grid(problem.exchange).resident > launch.grid(often.exchange).resident
    assert launch.threads == launch.grid(often.exchange).threads


def test_more_than_there_is_room_for_is_refused():
    target = CudaTarget()
    target.settings.nbytes = CONSTANT_BYTES
    assert SYMBOL in target.definitions()
    target.settings.nbytes += SLOT_BYTES
    with pytest.raises(PlanError, match="no room for 8,193 tolerances"):
        target.definitions()
