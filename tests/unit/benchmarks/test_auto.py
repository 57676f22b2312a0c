"""The table of what `auto` chooses: models that can be read, and who is near the best."""

import json

from benchmarks.auto import IMPORTS, ROOT, Entry, of_case, of_import, table
from cubie_cli.configurations.job import load


def entry(name, ratio):
    return Entry("gallery", name, 1e-6, "tsit5", "tsit5" if ratio == 1.0 else "vern7", ratio, ())


def test_who_fails_or_takes_much_more_is_not_near_the_best():
    told = table([entry("a", 1.0), entry("b", 1.31), entry("c", None)])
    assert "| gallery | a | 1e-06 | `tsit5` | 1.00 |  |" in told
    assert "|  | b | 1e-06 | `tsit5` | 1.31 | `vern7` |" in told
    assert "| fails | `vern7` |" in told
    assert told.endswith("1 of 3 are within 1.3 times the work of the best.")


def test_models_can_be_read(tmp_path):
    assert len(IMPORTS) >= 20
    case = json.loads((ROOT / "tests/data/cases.json").read_text())["cases"][0]
    for text in (of_case(case), of_import(ROOT / "tests/data/imports/ring.ode")):
        path = tmp_path / "run.toml"
        path.write_text(text)
        assert load(path, ["solve.algorithm=auto"]).candidates
