"""Parts of run configurations: what the ledgers compile."""

import re
from pathlib import Path

from benchmarks.models import brusselator, heat, network

LORENZ = """
[model.states]
x = 1.0
y = 0.0
z = 0.0
[model.parameters]
rho = 21.0
[model.constants]
sigma = 10.0
beta = 2.6666666666666665
[model.equations]
x = "sigma*(y - x)"
y = "x*(rho - z) - y"
z = "x*y - beta*z"
[batch.values]
rho = { linspace = [0.0, 28.0, 1024] }
"""

PLEIADES = f"""
[model]
file = "{Path(__file__).parents[2] / "configs/models/pleiades.toml"}"
[batch.values]
x1 = {{ linspace = [2.9, 3.1, 1024] }}
"""

ROBERTSON = f"""
[model]
file = "{Path(__file__).parents[2] / "configs/models/robertson.toml"}"
[batch.values]
k1 = {{ linspace = [0.036, 0.044, 1024] }}
"""

POLLUTION = f"""
[model]
file = "{Path(__file__).parents[2] / "configs/models/pollution.toml"}"
"""


def lorenz96(n: int) -> str:
    """Return a configuration of n variables in a ring, without its [solve] table."""
    ring = [(f"x{(i + 1) % n}", f"x{i - 2 if i > 1 else i - 2 + n}", f"x{(i - 1) % n}", f"x{i}") for i in range(n)]
    states = "\n".join(f"{x} = 8.0" for *_, x in ring)
    equations = "\n".join(f'{x} = "({ahead} - {far})*{near} - {x} + F"' for ahead, far, near, x in ring)
    return f"""
[model.states]
{states}
[model.parameters]
F = 8.0
[model.equations]
{equations}
[batch.values]
F = {{ linspace = [7.0, 9.0, 1024] }}
"""


def inline(model: str) -> str:
    """Return a model file's tables as those of a configuration."""
    return re.sub(r"^\[", "[model.", model, flags=re.MULTILINE)


BRUSSELATOR = inline(brusselator(25))
HEAT = inline(heat(64))
NETWORK = inline(network(32, 96))
FIXED = '[solve]\nalgorithm = "tsit5"\nt1 = 1.0\ndt = 1e-3'
ADAPTIVE = '[solve]\nalgorithm = "tsit5"\nt1 = 1.0\nrtol = 1e-6\natol = 1e-9'
SINGLE = 'precision = "float32"'
SAVING = "[output]\nsave_every = 0.01"
EVENT = '[[model.events]]\nname = "high"\nwhen = "x3 - 9"\ndirection = "up"\nset = { x30 = "x30/2 + x3" }'
SUMMARIES = '[output.summaries]\nx33 = ["max", "mean"]'
QUEUE = "[run.kernel]\npatience = 48"
SHARED_RUNS = "[run.kernel]\nthreads_per_run = 8"
ALL_SHARED = '[buffers]\ndefault = "shared"'
