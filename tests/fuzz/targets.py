"""What is fuzzed: for each kind of input, how a case is made of a seed, and what reads it."""

import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random

import scipy.stats  # noqa: F401 - takes seconds, which would count as those of the first case that samples

from cubie_cli.configurations.job import load
from cubie_cli.configurations.json_schema import run_schema
from cubie_cli.documents.document import read_document
from cubie_cli.imports.publishing import Destinations, checked, texts_beside, written_model
from cubie_cli.imports.reading import read_imported, read_source
from cubie_cli.models.expressions.names import Scope
from cubie_cli.models.expressions.parser import number, parse_in
from cubie_cli.models.expressions.vectors import Vector
from cubie_cli.models.json_schema import model_schema
from cubie_cli.models.model import read_model
from cubie_cli.models.system import read_system
from cubie_cli.results.destination import temporary_beside
from cubie_cli.results.unfinished import Journal, find_unfinished, journal_of
from cubie_cli.runs.preflight import check_start
from cubie_cli.runs.prepared_batch import prepare_batch
from solvers.equations.depth import deep_recursion
from solvers.equations.system import TIME, state_symbol
from tests.fuzz.mutation import expression, mutated_bytes, mutated_text

ROOT = Path(__file__).parents[2]
Case = Callable[[], object]


class Patient:
    """A case that may take as long as the plan of the largest model of the gallery."""

    longest = 30.0

    def __init__(self, case: Case) -> None:
        self._case = case

    def __call__(self) -> object:
        """Run it."""
        return self._case()


#: One case in so many goes on to what is slow: SymPy, or the plan of a kernel.
_SYMBOLIC, _PLANNED = 32, 50


@cache
def corpus(pattern: str) -> tuple[tuple[str, bytes], ...]:
    return tuple((path.name, path.read_bytes()) for path in sorted(ROOT.glob(pattern)))


@contextmanager
def scratch() -> Iterator[None]:
    """Work in a folder of its own that has the files of the gallery."""
    with tempfile.TemporaryDirectory(prefix="cubie-fuzz-") as name:
        folder, before = Path(name), Path.cwd()
        shutil.copytree(ROOT / "configs", folder, dirs_exist_ok=True)
        for path in (ROOT / "tests/data/imports").iterdir():
            shutil.copy(path, folder)
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def _words(schema: Mapping[str, object]) -> Sequence[str]:
    """Return the keys and words of a schema."""
    found: dict[str, None] = {}

    def visit(part: object) -> None:
        if isinstance(part, dict):
            found.update(dict.fromkeys(part.get("properties", ())))
            found.update(dict.fromkeys(f'"{word}"' for word in part.get("enum", ()) if isinstance(word, str)))
            for each in part.values():
                visit(each)
        elif isinstance(part, list):
            for each in part:
                visit(each)

    visit(schema)
    return tuple(found)


# -- expressions --------------------------------------------------------------------------------

_U = Vector("u", "states", (3,), ("i",), ("zero",))
_STATES = {"x": state_symbol(0), "y": state_symbol(1), **{f"u[{i}]": state_symbol(2 + i) for i in range(3)}}


def expressions(rng: Random) -> Case:
    """Return the reading of one expression: its tree and names, of some what it comes to."""
    text = expression(rng, rng.choice((1, 2, 3, 5)))
    if rng.random() < 0.6:
        text = mutated_text(rng, text)
    kind = rng.randrange(_SYMBOLIC)
    if kind == 0:
        return lambda: parse_in(_scope(), text)
    if kind == 1:
        return lambda: number(Scope({"x": 0.5, "y": -2.0, "k": 3.0, "t": 0.0}), text)
    return reading_expression(text)


def reading_expression(text: str) -> Case:
    """Return the reading of an expression."""

    def case() -> None:
        with deep_recursion():
            _scope().read(text, ())

    return case


def _scope() -> Scope:
    return Scope({**_STATES, "k": 2.0, "t": TIME}, _STATES, {"u": _U})


# -- models, configurations, tables -------------------------------------------------------------


@cache
def _model_words() -> Sequence[str]:
    return _words(model_schema())


@cache
def _configuration_words() -> Sequence[str]:
    return (*_words(run_schema()), "linspace", "logspace", "lognormal", "uniform", "choice", "crossings")


def _changed(rng: Random, content: bytes, words: Sequence[str]) -> bytes:
    if rng.random() < 0.1:
        return mutated_bytes(rng, content)
    return mutated_text(rng, content.decode(), words).encode("utf-8", "surrogatepass")


def models(rng: Random) -> Case:
    """Return the reading of a model file, its expressions too."""
    _, content = rng.choice(corpus("configs/models/*.toml") + corpus("cubie_cli/templates/*/model.toml"))
    return reading_model(_changed(rng, content, _model_words()))


def reading_model(content: bytes) -> Case:
    """Return the reading of a model file."""
    path = Path("fuzzed_model.toml")
    path.write_bytes(content)
    return lambda: read_system(read_model(read_document(path)))


def configurations(rng: Random) -> Case:
    """Return the reading of a run configuration with its model and batch; of some, all that `validate` does."""
    _, content = rng.choice(corpus("configs/*.toml"))
    reading = reading_configuration(_changed(rng, content, _configuration_words()))
    if rng.randrange(_PLANNED):
        return reading

    def case() -> None:
        check_start(prepare_batch(_CONFIGURATION, ["run.target=python"]))

    return Patient(case)


def reading_configuration(content: bytes) -> Case:
    """Return the reading of a run configuration with its model and batch."""
    _CONFIGURATION.write_bytes(content)
    return lambda: load(_CONFIGURATION)


_CONFIGURATION = Path("fuzzed.toml")
TABLE = b'CL,V,dose\r\n1.0,2.0,3.0\n\n# a comment\n4.5,"5",6\n7e-1,8,9.5\n'
_OF_TABLE = """
[model.states]
gut = "dose"
[model.parameters]
CL = 1.0
V = 1.0
dose = 1.0
[model.equations]
gut = "-CL/V*gut"
[solve]
t1 = 1.0
[batch]
table = "fuzzed{suffix}"
"""


def tables(rng: Random) -> Case:
    """Return the reading of a table of runs."""
    suffix = rng.choice((".csv", ".csv", ".csv", ".tsv"))
    content = TABLE.replace(b",", rng.choice((b",", b",", b";", b"\t")))
    changed = mutated_bytes(rng, content) if rng.random() < 0.5 else mutated_text(rng, content.decode()).encode()
    return reading_table(changed, suffix)


def reading_table(content: bytes, suffix: str) -> Case:
    """Return the reading of a table of runs in a file of some kind."""
    Path(f"fuzzed{suffix}").write_bytes(content)
    Path("fuzzed_table.toml").write_text(_OF_TABLE.format(suffix=suffix))
    return lambda: load("fuzzed_table.toml")


# -- imports ------------------------------------------------------------------------------------


def imports(rng: Random) -> Case:
    """Return the import of a model of another program, written and read back."""
    name, content = rng.choice([each for each in corpus("tests/data/imports/*.*") if not each[0].endswith("json")])
    return importing(_changed(rng, content, ()), f"fuzzed_{name}")


def importing(content: bytes, name: str) -> Case:
    """Return the import of a file of some name."""
    path = Path(name)
    path.write_bytes(content)
    return lambda: _imported(path)


def problems(rng: Random) -> Case:
    """Return the import of a PEtab problem of which one file is changed."""
    import_module("cubie_cli.imports.petab.entry")  # takes seconds, which are not those of a case
    folder = Path("problems")
    shutil.copytree(ROOT / "tests/data/petab", folder, dirs_exist_ok=True)
    path = rng.choice(sorted(folder.iterdir()))
    path.write_bytes(_changed(rng, path.read_bytes(), ()))
    source = folder / rng.choice(("dimerisation.yaml", "courses.yaml"))
    return lambda: _imported(source)


def _imported(path: Path) -> None:
    source = read_source(path)
    model = read_imported(source)
    checked(written_model(model, source, "0"), source)
    texts_beside(model, Destinations.of(model, Path("model.toml"), None))


# -- journals -----------------------------------------------------------------------------------

_RESULT = Path("fuzzed.h5")


def journals(rng: Random) -> Case:
    """Return the reading of what is left of a result, and the going on with what that says."""
    content = journal()
    if rng.random() < 0.5:
        lines = content.decode().split("\n")
        nonsense = json.dumps(_nonsense(rng))
        lines[rng.randrange(len(lines))] = f"{nonsense}\t{zlib.crc32(nonsense.encode()):08x}"
        content = "\n".join(lines).encode()
    return reading_journal(_changed(rng, content, ('"runs"', '"synced"', '"part"', '"facts"', '"boot"')))


def journal() -> bytes:
    """Return a journal that is whole; what it is of lies beside it from here on."""
    result = _RESULT
    part = temporary_beside(result)
    part.write_bytes(b"values")
    journal = Journal(result, part, {"the model": "a" * 64, "the target": "cpu"}, [range(3), range(5, 9)])
    journal.add(range(9, 12))
    journal.mark(3)
    journal.close(keep=True)
    return journal_of(result).read_bytes()


def reading_journal(content: bytes) -> Case:
    """Return the reading of a journal."""
    journal_of(_RESULT).write_bytes(content)

    def case() -> int:
        found = find_unfinished(_RESULT)
        return found.runs if found else 0

    return case


def _nonsense(rng: Random) -> object:
    values: Sequence[object] = (
        0,
        -1,
        2**70,
        1.5,
        "x",
        None,
        True,
        [],
        {},
        [1, 2, 3, 4],
        [0, 2**62],
        [5, 1],
        [3, 0, -1],
    )
    return {rng.choice(("runs", "synced", "part", "facts", "boot")): rng.choice(values) for _ in range(2)}


TARGETS: Mapping[str, Callable[[Random], Case]] = {
    each.__name__: each for each in (expressions, models, configurations, tables, imports, problems, journals)
}
