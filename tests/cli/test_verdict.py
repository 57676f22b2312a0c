"""The verdict: what passes, what fails, and that each kernel it watches is one that can be solved."""

import sys

import pytest

from tests import verdict
from tests.verdict import KERNELS, ROOT, TOOLS, Check, sanitizer_trouble

FINE = Check("fine", [sys.executable, "-c", "print(1)"])


def test_all_that_passes_is_said_in_one_word(capsys, tmp_path):
    assert verdict.verdict([FINE], tmp_path)
    assert capsys.readouterr().out.splitlines() == ["fine  passed", "passed"]
    assert "1" in (tmp_path / "fine.log").read_text()
    assert not sanitizer_trouble("1\n========= ERROR SUMMARY: 0 errors\n")


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (Check("bad", [sys.executable, "-c", "import sys; sys.exit('no')"]), "exit code 1: no"),
        (Check("gone", ["no-such-program"]), "cannot be run: no-such-program: No such file or directory"),
        (Check("odd", FINE.command, lambda out: f"it said {out.strip()}"), "it said 1"),
        (
            Check("blind", [sys.executable, "-c", "print('=== Device not supported')"], sanitizer_trouble),
            "=== Device not supported",
        ),
        (Check("mute", FINE.command, sanitizer_trouble), "it has no summary"),
    ],
)
def test_what_fails_is_named(capsys, check, told):
    assert not verdict.verdict([FINE, check])
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.endswith("  passed")
    assert told in second
    assert last == f"failed: {check.name}"


def test_every_tool_watches_every_kernel(tmp_path):
    names = [check.name for check in verdict.checks("cuda", 1, tmp_path)]
    assert names[:2] == ["doctor", "tests"]
    assert set(names[2:]) == {f"{kernel}: {done}" for kernel in KERNELS for done in ("solved", *TOOLS)}


@pytest.mark.one_in(4)
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_kernels_can_be_solved(cubie, kernel):
    config, changes = KERNELS[kernel]
    found = cubie(
        "validate", ROOT / "configs" / f"{config}.toml", *(part for each in changes for part in ("--set", each))
    )
    assert found.code == 0, found.err
    assert "never fires" not in found.out
