"""A few faults of each kind; `python -m tests.faults` injects as many as are wanted."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: What takes a second or so; ends by signals and workers that are lost have tests of their own.
QUICK = ["results", "journals", "parts", "refusing", "locks", "clocks", "devices", "full-while-solving", "crowds"]


def inject(*arguments):
    command = [sys.executable, "-m", "tests.faults", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_fault_of_each_kind():
    done = inject(*QUICK, "--first", "4", "--times", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == QUICK


@pytest.mark.thorough
def test_many_faults_of_each_kind():
    done = inject("--times", "20")
    assert done.returncode == 0, done.stdout + done.stderr
