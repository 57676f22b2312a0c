"""What a result will hold."""

import numpy as np
import pytest

from cubie_cli.results.layout import Contents, Variable
from solvers.planning.findings import Finding

REPORT = {
    "totals": {"shared": 24, "local": 8, "shared_per_block": None},
    "buffers": [
        {
            "owner": "step",
            "name": "slope",
            "location": "local",
            "dtype": "float64",
            "elements": 1,
            "bytes": 8,
            "offset": None,
        },
        {
            "owner": "step",
            "name": "stages",
            "location": "shared",
            "dtype": "float64",
            "elements": 3,
            "bytes": 24,
            "offset": 8,
        },
    ],
}


@pytest.fixture(scope="session")
def contents():
    """Return a function that describes a result of ten runs, with changes."""

    def made(n_runs=10, n_times=3, precision="float64", **changes):
        held = {
            "times": np.linspace(0.0, 1.0, n_times),
            "n_runs": n_runs,
            "precision": np.dtype(precision),
            "variables": (Variable("x", "m"), Variable("speed")),
            "coordinates": (Variable("rho", "1/s"), Variable("x_0")),
            "time_units": "s",
            "attributes": {"title": "t"},
            "texts": {"model": "a = 1\n"},
            "report": REPORT,
            "findings": (
                Finding("x_max", "largest value of x", "float32", "m"),
                Finding("spikes", "spikes", "int32"),
                Finding("spike_time", "times of spikes", "float64", "s", "spike_firing", 3),
            ),
        }
        return Contents(**(held | changes))

    return made
