"""A notebook: the page about Python, cell by cell in a kernel, and what a person sees of it."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Run the page's blocks of Python as cells of a notebook, and return their outputs and what the page prints."""
    blocks = re.findall(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code, _ in blocks])
    folder = tmp_path_factory.mktemp("notebook")
    NotebookClient(book, allow_errors=True, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return [(cell, printed) for cell, (_, printed) in zip(book.cells, blocks, strict=True)]


def shown(cell):
    """Return what is below a cell as text: results, streams, and errors as IPython renders them."""
    parts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            parts.append(re.sub(r"^/\S+:(\d+): ", "", output.text))
        elif output.output_type == "execute_result":
            parts.append(output.data["text/plain"])
        elif output.output_type == "error":
            parts.append("\n".join(output.traceback))
    return "\n".join(part.rstrip("\n") for part in parts)


def test_every_cell_shows_what_the_page_prints(cells):
    assert len(cells) > 5
    for cell, printed in cells:
        assert shown(cell) == printed.rstrip("\n"), cell.source


def test_a_mistake_is_shown_without_a_traceback(cells):
    (error,) = [output for cell, _ in cells for output in cell.outputs if output.output_type == "error"]
    assert error.ename == "CubieError"
    assert len(error.traceback) == 1
    assert 'File "' not in error.traceback[0]


def test_progress_goes_when_it_is_done(cells):
    displays = [output for cell, _ in cells for output in cell.outputs if output.output_type == "display_data"]
    assert displays
    assert {output.data["text/html"] for output in displays} == {""}
