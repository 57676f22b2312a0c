"""Yardsticks: what they are asked, what is read of their answers, and what happens when they fail."""

import sys
from dataclasses import replace

import pytest

from benchmarks.cases import CASES
from benchmarks.cubie_yardstick import Cubie017, request
from benchmarks.yardsticks import KINDS, YardstickError, milliseconds, parse

FIXED = CASES["explicit lorenz tsit5 fixed float32"]
ADAPTIVE = CASES["explicit lorenz tsit5 adaptive float64"]
STIFF = CASES["stiff van_der_pol rodas5p adaptive float64"]
OUTPUT = """\
# NVIDIA H200 sm_90 SMs=132 clk=1.980 GHz
tsit5 f32 N=1048576   ms=3.4721     min=3.4700     att/traj=1000.00
tsit5 f64 N=1048576   ms=6.5        min=6.4        att/traj=1000.00
vdp rodas5p  N=1024     ms=1.25e+01   min=0.1 att/traj=606.0
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [(("tsit5", "f32"), 3.4721), (("tsit5", "f64"), 6.5), (("vdp", "rodas5p"), 12.5)],
)
def test_the_line_that_begins_with_the_words_is_read(words, expected):
    assert milliseconds(OUTPUT, words) == expected


@pytest.mark.parametrize("output", ["", "pi f32 N=4\n", "pi f64 N=4 ms=1.0\n", "pi f32 N=4 min=1.0 e2e_ms=2.0\n"])
def test_an_output_without_the_line_is_an_error(output):
    with pytest.raises(YardstickError, match="pi f32"):
        milliseconds(output, ("pi", "f32"))


def program(folder, text):
    path = folder / "program"
    path.write_text(f"#!{sys.executable}\nimport sys\n{text}\n")
    path.chmod(0o755)
    return parse(f"lorenz-cuda={path}")


def test_a_program_is_asked_for_the_case_and_answers(tmp_path):
    made = program(tmp_path, "print('tsit5 f32 N=8 ms=', len(sys.argv) * 100 + int(sys.argv[2]), sep='')")
    assert made.name == "lorenz-cuda"
    assert made.target == "cuda"
    assert made.time(replace(FIXED, runs=8)) == 1508.0


@pytest.mark.parametrize("text", ["sys.exit('no device')", "print('nothing')"])
def test_a_program_that_fails_is_an_error(tmp_path, text):
    with pytest.raises(YardstickError, match=r"no device|no line"):
        program(tmp_path, text).time(FIXED)


@pytest.mark.parametrize("text", ["lorenz=x", "lorenz-cuda=no/such/file", "lorenz-cuda"])
def test_an_option_that_names_nothing_is_refused(text):
    with pytest.raises(ValueError, match=r"none of|no such file"):
        parse(text)


def test_arguments_say_what_the_case_says():
    words, arguments = KINDS["lorenz-cuda"].arguments(ADAPTIVE)
    assert words == ("pi", "f64")
    assert " ".join(arguments) == (
        "--n 1048576 --modes pi --prec f64 --beta 2.6666666666666665 --tol 1e-06,1e-09,0.01 --dt 0.001 --steps 1000"
    )
    words, arguments = KINDS["stiff-cuda"].arguments(replace(STIFF, shuffled=True))
    assert words == ("vdp", "rodas5p")
    assert " ".join(arguments) == (
        "--n 1048576 --prob vdp --meth rodas5p --rtol 1e-06 --atol 1e-08 --h0 1e-06 --shuffle"
    )
    words, arguments = KINDS["lorenz-cpu"].arguments(FIXED)
    assert words == ("tsit5", "f32")
    assert arguments == ["1048576", "1000", "1e-06", "1e-09", "0.01", "2.6666666666666665", "5"]


def test_kinds_know_what_they_can():
    can = {kind: [name for name, case in CASES.items() if KINDS[kind].can(case)] for kind in KINDS}
    assert FIXED.name in can["lorenz-cuda"]
    assert FIXED.name in can["lorenz-cpu"]
    assert can["stiff-cuda"] == [
        *(f"stiff {problem} {method} adaptive float64" for problem in ("robertson", "van_der_pol")
          for method in ("rodas4", "rodas5p")),
    ]  # fmt: skip


def test_a_request_has_the_observables_that_equations_use_and_no_others():
    asked = request(CASES["stiff hires rodas4 adaptive float64"])
    assert asked["equations"][0] == "binding = k_plus*y6*y8"
    assert asked["equations"][1].startswith("dy1 = ")
    assert asked["settings"]["dt"] == 1e-6
    assert asked["settings"]["dt_max"] == asked["duration"]
    lorenz = request(FIXED)
    assert [line.split(" = ")[0] for line in lorenz["equations"]] == ["dx", "dy", "dz"]
    assert lorenz["parameters"]["sigma"] == 10.0
    assert lorenz["settings"] == {"step_controller": "fixed", "dt": 1e-3}


def answering(tmp_path, text):
    path = tmp_path / "python"
    path.write_text(f"#!{sys.executable}\nimport sys\nfor line in sys.stdin:\n    print({text!r}, flush=True)\n")
    path.chmod(0o755)
    return Cubie017(None, str(path))


def test_a_process_answers_case_after_case(tmp_path):
    cubie = answering(tmp_path, '{"ms": 2.5, "solve_ms": 4.0, "failed": 0}')
    assert [cubie.time(FIXED), cubie.time(STIFF)] == [2.5, 2.5]
    cubie.close()


@pytest.mark.parametrize(("text", "message"), [('{"error": "OSError: no"}', "OSError: no"), ("", "has ended")])
def test_a_process_that_fails_is_an_error(tmp_path, text, message):
    cubie = answering(tmp_path, text)
    with pytest.raises(YardstickError, match=message):
        cubie.time(FIXED)
    cubie.close()
