"""PEtab problems: what becomes of their conditions, observables and parameters, and what is refused by name."""

import shutil
import tomllib
from pathlib import Path

import pytest

from cubie_cli.documents.messages import UserError
from cubie_cli.imports.publishing import Destinations, checked, texts_beside, written_model
from cubie_cli.imports.reading import read_imported, read_source

MEASURED = "observableId\tsimulationConditionId\ttime\tmeasurement\tobservableParameters"
LEVELS = {"k_decay_low": 1, "k_decay_high": 2}
FOLDER = Path(__file__).parents[4] / "data" / "petab"


def imported(path):
    source = read_source(path)
    model = read_imported(source)
    text = written_model(model, source, "0")
    checked(text, source)
    return model, tomllib.loads(text), texts_beside(model, Destinations.of(model, Path("m.toml"), None))


@pytest.fixture
def folder(tmp_path):
    """Return a copy of the problems, to be changed."""
    return Path(shutil.copytree(FOLDER, tmp_path / "petab"))


def changed(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def refused(path):
    with pytest.raises(UserError) as caught:
        imported(path)
    return str(caught.value)


def test_conditions_of_version_1():
    model, text, beside = imported(FOLDER / "dimerisation.yaml")
    assert beside["conditions"] == "inhibitor,M,condition\n# low\n0,1.5,0\n# high\n3,1,1\n"
    assert text["parameters"]["k_decay"] == "k_decay_low if condition == 0 else k_decay_high"
    assert (text["states"]["M"], text["parameters"]["k_on"]) == (1.5, 0.3)
    run = tomllib.loads(beside["config"])
    assert run["batch"] == {"groups": {"condition": {"table": "m.conditions.csv"}}}
    assert run["output"]["save_at"] == [1.0, 2.5, 5.0, 10.0]
    assert run["solve"]["t1"] == 10.0
    assert "conditions that no measurement refers to are left out: unused" in model.decided
    assert "the parameter 'sd_dimer' is left out: only noise, or nothing, uses it" in model.decided


def test_an_observable_for_each_set_of_its_parameters():
    model, text, beside = imported(FOLDER / "dimerisation.yaml")
    assert text["observables"]["dimer_1"] == "offset + D*scale_a"
    assert text["observables"]["dimer_2"] == "offset + D*scale_b"
    assert tomllib.loads(beside["config"])["output"]["observables"] == ["dimer_1", "dimer_2", "total"]
    assert model.remarks["dimer_2"] == ["dimer as it is measured in high"]


def test_what_is_estimated_may_be_drawn():
    _, _, beside = imported(FOLDER / "dimerisation.yaml")
    drawn = tomllib.loads(beside["sample"])["batch"]["groups"]["estimated"]["values"]
    assert drawn["k_decay_low"] == {"loguniform": [0.001, 1.0]}
    assert drawn["k_on"]["lognormal"] == pytest.approx([10**-0.5, 0.25 * 2.302585092994046])
    assert drawn["k_on"]["max"] == 10.0
    assert drawn["scale_a"] == {"uniform": [0.1, 10.0]}
    assert drawn.keys().isdisjoint({"offset", "sd_dimer"})
    assert "k_decay_high is drawn between its bounds, as its prior, laplace, is not known here" in beside["sample"]


def test_periods_of_version_2_are_events():
    _, text, beside = imported(FOLDER / "courses.yaml")
    assert beside["conditions"] == "condition\n# plain\n0\n# pulsed\n1\n"
    first, second = text["events"]
    assert first["at"] == 2.0
    assert first["set"] == {"inhibitor": "inhibitor if condition == 0 else 4"}
    assert second["set"]["D"] == "D if condition == 0 else 0.5*D"
    assert text["states"]["M"] == "2*start"
    assert text["observables"]["free"] == "log(M) if M > 0.5 else -sqrt(t)"
    drawn = tomllib.loads(beside["sample"])["batch"]["groups"]["estimated"]["values"]
    assert drawn == {"k_on": {"loguniform": [0.001, 10.0]}, "k_off": {"uniform": [0.001, 10.0]}}


def test_hundreds_of_conditions_are_no_deep_expression(folder):
    names = [f"c{index}" for index in range(300)]
    rows = [f"{name}\t0\t\tk_decay_{'low' if index % 2 else 'high'}" for index, name in enumerate(names)]
    (folder / "conditions.tsv").write_text("\n".join(["conditionId\tinhibitor\tM\tk_decay", *rows]))
    measured = [f"total\t{name}\t10\t0.9\t" for name in names]
    (folder / "measurements.tsv").write_text("\n".join([MEASURED, *measured, "dimer\tc0\t1\t0.1\tscale_a"]))
    changed(folder / "parameters.tsv", "scale_b\tlin\t0.1\t10\t3\t1\t\t\n", "")
    _, text, beside = imported(folder / "dimerisation.yaml")
    assert beside["conditions"].count("\n") == 601
    values = {index: eval(text["parameters"]["k_decay"], {"condition": index, **LEVELS}) for index in range(300)}  # noqa: S307
    assert values == {index: LEVELS[f"k_decay_{'low' if index % 2 else 'high'}"] for index in range(300)}


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("measurements.tsv", "\t10\t", "\tinf\t", "'total' in a steady state cannot be imported"),
        ("measurements.tsv", "\t10\t", "\t-1\t", "'total' at -1, before the start"),
        ("measurements.tsv", "\tscale_b", "\tscale_c", "not a valid PEtab problem"),
        ("parameters.tsv", "\t0.3\t", "\t\t", None),
        ("parameters.tsv", "\t2\t1", "\t\t1", "the parameter 'scale_a' without a nominal value cannot be imported"),
        ("conditions.tsv", "inhibitor\t", "nothing\t", "not a valid PEtab problem"),
        ("observables.tsv", "M + 2*D", "M + 2*", "not a valid PEtab problem"),
        ("observables.tsv", "M + 2*D", "nothing(M)", "not a valid PEtab problem"),
        ("dimerisation.yaml", "format_version: 1", "format_version: 7", "not a valid PEtab problem"),
        ("dimerisation.yaml", "format_version: 1", "version: 1", "format_version is missing"),
        ("dimerisation.yaml", "parameter_file:", "parameter_file: [", "not valid YAML"),
        ("dimerisation.yaml", "parameters.tsv", "https://x.org/p.tsv", "'https://x.org/p.tsv' is an address"),
        ("dimerisation.yaml", "parameters.tsv", "missing.tsv", "no such file"),
        ("dimerisation.yaml", "[dimerisation.xml]", "[dimerisation.xml, other.xml]", "a problem of 2 models"),
        (
            "dimerisation.yaml",
            "format_version: 1",
            "a: &a [x]\nb: !!python/object/apply:os.getcwd []",
            "not valid YAML",
        ),
        ("dimerisation.xml", "<sbml ", "<!DOCTYPE x []><sbml ", "a document type is refused"),
        ("dimerisation.xml", 'id="D"', 'id="E"', "not a valid PEtab problem"),
    ],
)
def test_refusals_of_version_1(folder, file, old, new, message):
    changed(folder / file, old, new)
    if message is None:
        model, _, _ = imported(folder / "dimerisation.yaml")
        assert model.remarks["k_on"] == ["no nominal value is given: the model's is kept"]
        return
    assert message in refused(folder / "dimerisation.yaml")


def test_preequilibration_is_refused(folder):
    lines = (folder / "measurements.tsv").read_text().splitlines()
    rows = [f"{lines[0]}\tpreequilibrationConditionId", *(f"{line}\thigh" for line in lines[1:])]
    (folder / "measurements.tsv").write_text("\n".join(rows))
    assert "the preequilibration 'high'" in refused(folder / "dimerisation.yaml")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("courses_experiments.tsv", "pulsed\t0", "pulsed\t-inf", "the preequilibration of 'pulsed'"),
        ("courses_experiments.tsv", "pulsed\t0", "pulsed\t1", "experiments that begin at different times, 0 and 1,"),
        (
            "courses_conditions.tsv",
            "inhibitor\t4",
            "cell\t4",
            "a condition that sets 'cell', the size of a compartment",
        ),
        ("courses.yaml", "language: sbml", "language: pysb", "the model 'dimerisation', which is in 'pysb',"),
        (
            "courses.yaml",
            "parameter_files",
            "extensions: {x: {version: 1.0.0, required: true}}\nparameter_files",
            "'x'",
        ),
    ],
)
def test_refusals_of_version_2(folder, file, old, new, message):
    changed(folder / file, old, new)
    assert message in refused(folder / "courses.yaml")
