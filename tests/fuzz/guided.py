"""Fuzzes with inputs that lead to code which none before has reached; needs `pip install atheris`.

    python -m tests.fuzz.guided TARGET [FOLDER] [-max_total_time=SECONDS] [-seed=N] ...

Inputs are whole files, first those that the random fuzzer begins with; FOLDER keeps those that reached something new.
Options are libFuzzer's. It ends at the first input that ends with what should not be, and writes that to a file, which
is tried again where it is named instead of the folder.
"""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["cubie_cli"]):
    from tests.fuzz import targets
    from tests.fuzz.targets import Case

from tests.fuzz.watching import watched

#: How much slower code is that counts where it goes.
_PATIENCE = 5.0
#: Longest input, in bytes.
_LONGEST = 8192


def _contents(*patterns: str) -> Sequence[bytes]:
    return [content for pattern in patterns for _, content in targets.corpus(pattern) if len(content) <= _LONGEST]


def _expression(content: bytes) -> Case:
    return targets.reading_expression(content.decode(errors="surrogateescape"))


#: What reads an input, and what to begin with.
_READERS: dict[str, tuple[Callable[[bytes], Case], Callable[[], Sequence[bytes]]]] = {
    "expressions": (_expression, lambda: [b"x*exp(-t) if x > 1 else u[0]**2", b"min(x, sum(i, u[i]))", b"1e-3"]),
    "models": (targets.reading_model, partial(_contents, "configs/models/*.toml")),
    "configurations": (targets.reading_configuration, partial(_contents, "configs/*.toml")),
    "tables": (partial(targets.reading_table, suffix=".csv"), lambda: [targets.TABLE]),
    "xpp": (partial(targets.importing, name="fuzzed.ode"), partial(_contents, "tests/data/imports/*.ode")),
    "sbml": (partial(targets.importing, name="fuzzed.xml"), partial(_contents, "tests/data/imports/*.xml")),
    "cellml": (partial(targets.importing, name="fuzzed.cellml"), partial(_contents, "tests/data/imports/*.cellml")),
    "journals": (targets.reading_journal, lambda: [targets.journal()]),
}


def main() -> None:
    """Fuzz as the command line says."""
    _, target, *given = sys.argv
    read, first = _READERS[target]

    def check(content: bytes) -> None:
        outcome = watched(read(content), _PATIENCE)
        if outcome.is_wrong:
            raise AssertionError(f"{outcome.kind}: {outcome.told}")

    arguments = [str(Path(each).resolve()) if not each.startswith("-") else each for each in given]
    with targets.scratch(), TemporaryDirectory() as seeds:
        for number, content in enumerate(first()):
            (Path(seeds) / str(number)).write_bytes(content)
        folders = [] if any(Path(each).is_file() for each in arguments) else [seeds]
        atheris.Setup([sys.argv[0], f"-max_len={_LONGEST}", *arguments, *folders], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
