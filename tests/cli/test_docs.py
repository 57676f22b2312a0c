"""The pages do what they show: their files are written, their commands run, and what is printed is compared."""

import contextlib
import io
import re
import shlex
import shutil
from collections import Counter

import pytest
import tomli
from support.pages import ROOT, agrees, blocks, commands, laid_over, pages

#: Why a block is not executed, as its fence says in `needs=`.
NEEDS = {
    "gpu": "an NVIDIA GPU or the CUDA toolkit",
    "slurm": "a Slurm to submit to",
    "store": "an object store",
    "cluster": "a cluster of Dask or MPI",
    "packages": "packages or files that are fetched",
    "clone": "the tools of a clone of the repository, beside the command",
    "long": "more time than a test may take",
    "julia": "Julia",
    "matlab": "MATLAB",
    "r": "R",
    "reader": "what the reader brings: a part of a command or of a program",
}

#: `python.md` is a notebook, which `test_notebook.py` executes.
PAGES = [page for page in pages() if page.name != "python.md"]


@pytest.fixture
def reader(cubie, folder, monkeypatch):
    """Return a reader of a page, in a folder with the examples, who does all that it says."""
    for name in ("model.toml", "run.toml"):
        (folder / name).unlink()
    shutil.copytree(ROOT / "configs", folder / "configs", ignore=shutil.ignore_patterns("*.h5"))
    monkeypatch.setenv("COLUMNS", "80")
    return Reader(cubie, folder)


class Reader:
    def __init__(self, cubie, folder):
        self.cubie, self.folder = cubie, folder
        self.code = 0
        self.files, self.used = set(), set()
        self.printed = ""
        self.variables = {}

    def read_page(self, page, left_out):
        """Do what a page says, but for blocks that need something."""
        for block in blocks(page):
            if block.words.get("needs") not in left_out:
                try:
                    self.read(block)
                except BaseException as error:
                    error.add_note(f"{page.relative_to(ROOT)}:{block.line}")
                    raise
        assert self.code == 0
        for name in self.files - self.used:  # those that no command was about
            self.check(self.folder / name)

    def read(self, block):
        if file := block.words.get("file"):
            self.write(file, block.text)
        elif part := block.words.get("part"):
            self.check_part(self.folder / part, block.text)
        elif whole := block.words.get("in"):
            assert block.text in (self.folder / whole).read_text()
        elif block.language == "console":
            for command in commands(block.text):
                self.run(command)
        elif block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(block.text, self.variables)  # noqa: S102 - it is what the page tells the reader to do
            self.printed = out.getvalue()
        elif block.words.get("printed") is not None:
            assert agrees(block.text, self.printed), self.printed

    def write(self, name, text):
        """Write a file; one that the repository has is shown as it is."""
        path = self.folder / name
        if path.is_relative_to(self.folder / "configs"):
            assert path.read_text() == text
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if path.suffix == ".toml":
            self.files.add(name)

    def check_part(self, whole, text):
        """Check a part of a model or of a configuration, in the place of what the whole says instead."""
        part = whole.with_name("part.toml")
        if "equations" in tomli.loads(whole.read_text()):
            part.write_text(laid_over(whole.read_text(), text))
            self.check(part)
        else:
            part.write_text(text)
            self.check(whole, "--set", f"@{part}")

    def check(self, file, *options):
        """Check a configuration, or a model by one that does nothing else."""
        if "equations" in tomli.loads(file.read_text()):
            run = file.with_name("check.toml")
            run.write_text(f'[model]\nfile = "{file.name}"\n[solve]\nt1 = 1.0\n')
            file = run
        checked = self.cubie("validate", file, *options)
        assert checked.code == 0, checked.err

    def run(self, command):
        line, _, file = command.line.partition(" > ")
        program, *arguments = shlex.split(line)
        self.used.update(arguments)
        if line == "echo $?":
            assert command.output == f"{self.code}\n"
            self.code = 0
            return
        assert self.code == 0, f"a page has to show the exit code {self.code}"
        assert program == "cubie", line
        done = self.cubie(*arguments)
        self.code = done.code
        assert done.code == 0 or command.output, done.err
        if file:
            (self.folder / file.strip()).write_text(done.out)
        elif command.output:
            printed = done.out or done.err
            assert agrees(command.output, printed), f"{command.line}\n{printed}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_shows(page, reader):
    reader.read_page(page, NEEDS)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "page", [page for page in PAGES if "needs=long" in page.read_text()], ids=lambda page: page.stem
)
def test_a_page_does_what_takes_long_too(page, reader):
    reader.read_page(page, NEEDS.keys() - {"long"})


def test_all_that_is_not_executed_says_why():
    found = Counter()
    for page in PAGES:
        for block in blocks(page):
            place = f"{page.relative_to(ROOT)}:{block.line}"
            if needs := block.words.get("needs"):
                assert needs in NEEDS, place
                found[needs] += 1
            elif block.language == "toml":
                assert block.words.keys() & {"file", "part", "in"}, place
            else:
                assert block.language in {"console", "python", "text"}, place
    assert found.keys() == NEEDS.keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_stand_in_console_blocks(page):
    text = page.read_text()
    assert not re.findall(r"^    (?:cubie|pip|python) .*$", text, re.MULTILINE)
    assert all(line.startswith("$ ") for block in blocks(page) if block.language == "console" for line in [block.text])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_picture_is_drawn_by_a_command_of_its_page(page):
    text = page.read_text()
    for path, name in re.findall(r"!\[.*\]\((.*/(.*\.png))\)", text):
        assert (page.parent / path).exists(), name
        assert re.search(rf"^\$ cubie plot .* (?:-o|--output) {name}$", text, re.MULTILINE), name


def test_pictures_are_small():
    assert sum(path.stat().st_size for path in (ROOT / "docs" / "pictures").iterdir()) < 1.5e6
