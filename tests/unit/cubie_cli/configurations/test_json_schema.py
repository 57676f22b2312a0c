"""The JSON schemas of both files: all that is shipped fits them, and mistakes do not."""

import re
from pathlib import Path

import pytest
import tomli
from jsonschema import Draft202012Validator

from cubie_cli.configurations import schema
from cubie_cli.configurations.json_schema import described, run_schema
from cubie_cli.models.json_schema import model_schema
from cubie_cli.models.model import KEYS

ROOT = Path(__file__).parents[4]
MODELS = [*(ROOT / "configs" / "models").glob("*.toml"), *(ROOT / "cubie_cli" / "templates").glob("*/model.toml")]
RUNS = [*(ROOT / "configs").glob("*.toml"), *(ROOT / "cubie_cli" / "templates").glob("*/run.toml")]
SCHEMAS = {"model": Draft202012Validator(model_schema()), "run": Draft202012Validator(run_schema())}


@pytest.mark.parametrize("which", SCHEMAS)
def test_they_are_schemas(which):
    Draft202012Validator.check_schema(SCHEMAS[which].schema)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_models_fit(path):
    SCHEMAS["model"].validate(tomli.loads(path.read_text()))


@pytest.mark.parametrize("path", RUNS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_configurations_fit(path):
    SCHEMAS["run"].validate(tomli.loads(path.read_text()))


RUN = """
[model]
file = "m.toml"
[solve]
t1 = 1.0
"""
VECTORS = """
[states]
u = [1.0, 2.0]
v = { size = ["n", 2], value = "i", ends = ["hold", "zero"] }
[equations]
u = "u[i]"
v = "v[i,j]"
"""
MODEL = """
[states]
x = 1.0
[equations]
x = "-x"
"""


@pytest.mark.parametrize(
    ("which", "text"),
    [
        ("run", RUN.replace("t1 = 1.0", "")),
        ("run", RUN + "t_end = 3.0"),
        ("run", RUN + 'rtol = "small"'),
        ("run", RUN + "rtol = -1.0"),
        ("run", RUN + 'algorithm = "cvode"'),
        ("run", RUN + "[buffers]\ndefault = 'global'"),
        ("run", RUN + "[batch.values]\nk = { linspace = [0, 1] }"),
        ("run", RUN + "[batch.values]\nk = { gauss = [0, 1] }"),
        ("run", RUN + "[output]\nsave_at = { linspace = 3 }"),
        ("run", RUN + "[batch.correlated]\nquantities = ['a']"),
        ("run", "[model]\nstates = { x = 1.0 }\n[solve]\nt1 = 1.0"),
        ("model", MODEL + "[variables]\ny = 1.0"),
        ("model", "[states]\nx = 1.0"),
        ("model", MODEL.replace('"-x"', "1.0")),
        ("model", "[parameters]\nt = 1.0" + MODEL),
        ("model", MODEL + "[[events]]\nwhen = 'x'\ndirection = 'rising'"),
        ("model", MODEL + "[[events]]\nat = { every = 1.0, n = 3 }"),
        ("model", MODEL + "[drivers]\nlight = { times = [0.0] }"),
        ("model", MODEL + "[drivers]\nlight = { times = [0.0], values = [1.0], method = 'spline' }"),
        ("model", "[parameters]\nk = { size = 3, value = 1.0, ends = 'wrap' }" + MODEL),
    ],
)
def test_mistakes_do_not(which, text):
    for right in (RUN, MODEL):
        SCHEMAS["run" if right is RUN else "model"].validate(tomli.loads(right))
    assert not SCHEMAS[which].is_valid(tomli.loads(text))


@pytest.mark.parametrize(
    ("which", "text"),
    [
        ("run", RUN + "atol = { x = 1e-6 }\n[buffers]\nnewton.delta = 'shared'\n'linear.*' = 'persistent'"),
        ("run", RUN + "algorithm = 'ode45'\ndt_min = 0.0"),
        ("run", RUN + "[output.summaries]\nwindow = ['2*tau', 3.0]\n'x*' = ['max', { crossings = 0.0 }]"),
        ("run", RUN + "[batch]\nmode = 'sample'\nn = 4\n[batch.values]\nk = { normal = [0, 1], min = -1.0 }"),
        ("run", "[model]\nstates = { x = 1.0 }\nequations = { x = '-x' }\n[solve]\nt1 = 1"),
        ("model", MODEL + "[[events]]\nat = [1.0, 'k']\nstop = 3\nrecord = { first = 2, states = ['x'] }"),
        ("model", VECTORS),
    ],
)
def test_what_is_right_does(which, text):
    SCHEMAS[which].validate(tomli.loads(text))


def test_every_key_is_described_and_in_the_reference():
    page = (ROOT / "docs" / "configuration.md").read_text()
    named = set(re.findall(r"`([a-z_0-9]+)`", page))
    for table in vars(schema).values():
        if isinstance(table, type) and issubclass(table, schema.BaseModel):
            for key in table.model_fields:
                assert described(table, key).endswith("."), f"{table.__name__}.{key}"
                if table.__name__ not in {"RunConfiguration", "SummaryTable", "CorrelatedTable"}:
                    inner = f"[{table.__doc__.strip('`[].')}.{key}" in page or f".{key}" in page
                    assert key in named or inner, f"{table.__name__}.{key}"
    assert set(SCHEMAS["model"].schema["properties"]) == set(KEYS)


def test_defaults_are_those_of_the_tables():
    solve = SCHEMAS["run"].schema["$defs"]["SolveTable"]["properties"]
    assert solve["rtol"]["default"] == 1e-6
    assert solve["t0"]["default"] == 0.0
    assert "default" not in solve["dt"]
    assert solve["dt"]["exclusiveMinimum"] == 0
