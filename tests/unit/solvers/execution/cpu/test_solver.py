"""Threads of the CPU solver."""

from contextlib import closing
from dataclasses import replace

import numpy as np
from support.solving import build, make_problem
from support.stack import stack_bytes
from support.systems import lorenz


def test_local_buffers_fit_the_stack_of_threads(monkeypatch):
    with closing(build(make_problem(lorenz(), "rk4", 1.0, dt=0.5), "cpu")) as solver:
        local = 32 << 20
        found = []
        monkeypatch.setattr(solver, "_totals", replace(solver._totals, local=local))  # noqa: SLF001
        monkeypatch.setattr(solver, "_run", lambda *_: found.append(stack_bytes()))
        solver.submit(np.zeros(1, dtype=np.int64), 1, ()).result()
        assert found[0] > local * solver._lanes  # noqa: SLF001
