"""Whole commands beside another program, which a script stands in for."""

import sys
from dataclasses import replace

import pytest

from benchmarks import commands
from benchmarks.cases import CASES
from benchmarks.cubie_yardstick import Cubie017


def beside(tmp_path, monkeypatch, text):
    """Return the row of a command beside a program of some text."""
    path = tmp_path / "python"
    path.write_text(f"#!{sys.executable}\nimport sys\n{text}\n")
    path.chmod(0o755)
    monkeypatch.setattr(Cubie017, "target", "cpu")
    monkeypatch.setattr(commands, "CASES", {name: replace(case, runs=32) for name, case in CASES.items()})
    monkeypatch.setattr(commands, "_REPEAT", {"run, cached kernel": 2, "run, no cached kernel": 2})
    (row,) = commands.measure([commands.NAMES[1]], "cpu", 1.0, Cubie017(None, str(path)))
    return row


@pytest.mark.thorough
def test_a_command_and_another_program_take_turns(tmp_path, monkeypatch):
    row = beside(tmp_path, monkeypatch, "")
    assert row.notes == []
    assert row.figures["compile"] == 0.0  # the first run has filled the cache
    assert row.figures["wall_s"] > row.figures["plan"]
    assert row.figures["ratio"] == row.figures["0.17 wall_s"] / row.figures["wall_s"]
    assert row.details["runs"] == 2


@pytest.mark.thorough
def test_another_program_that_fails_is_told(tmp_path, monkeypatch):
    row = beside(tmp_path, monkeypatch, "sys.exit('no device')")
    assert "ratio" not in row.figures
    assert row.figures["compile"] == 0.0
    assert all("no device" in note for note in row.notes)
