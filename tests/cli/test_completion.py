"""What shells complete: their questions as they ask them, in the environment."""

import sys
from types import SimpleNamespace

import pytest

from cubie_cli.commands.completion import BUFFERS
from cubie_cli.main import main
from solvers.planning.plan import _known_buffers


@pytest.fixture
def ask(monkeypatch, capsys, folder):  # noqa: ARG001 - files are looked for there
    """Return a function that asks as bash does, which takes `a=b` for three words."""

    def asked(*words):
        monkeypatch.setenv("_CUBIE_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        monkeypatch.setattr(sys, "argv", ["cubie"])
        with pytest.raises(SystemExit):
            main()
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out.split()

    return asked


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["me"], ["memory-report", "merge"]),
        (["run", "run.toml", "--target", ""], ["auto", "cuda", "cpu", "python"]),
        (["run", "run.toml", "--res"], ["--resume"]),
        (["init", "-t", "s"], ["sweep", "sample", "stiff", "spatial"]),
        (["run", "run.toml", "--set", "solve.newton.d"], ["solve.newton.damping="]),
        (["run", "run.toml", "--set", "model.parameters."], ["model.parameters.rate=", "model.parameters.gain="]),
        (["run", "run.toml", "--set", "batch.values.x"], ["batch.values.x="]),
        (["run", "run.toml", "--set", "buffers.newton.d"], ["buffers.newton.delta="]),
        (["run", "run.toml", "--set", "solve.precision", "=", "float3"], ["float32"]),
        (["run", "run.toml", "--set", "solve.algorithm", "=", "rodas5"], ["rodas5", "rodas5p"]),
        (["run", "run.toml", "--set", "buffers.default", "="], ["local", "shared", "persistent", "auto"]),
        (["run", "run.toml", "--set", "run.devices", "="], ["all"]),
        (["run", "run.toml", "--set", "run.kernel.order", "=", "t"], ["true"]),
        (["run", "run.toml", "--set", "solve.rtol", "="], []),
        (["run", "run.toml", "--set", "nothing.at.all", "="], []),
        (["run", "missing.toml", "--set", "model."], []),
        (["plot", "missing.h5", "-q", ""], []),
    ],
)
def test_words_are_completed(ask, words, found):
    assert ask("cubie", *words) == found


def test_variables_of_a_result_are_completed(cubie, ask):
    assert cubie("run", "run.toml", "-q").code == 0
    assert {"x", "y", "total", "status"} <= set(ask("cubie", "plot", "result.h5", "--quantity", ""))
    assert ask("cubie", "export", "result.h5", "--quantity", "to") == ["total"]


def test_a_configuration_that_is_no_toml_completes_what_is_known(ask, folder):
    (folder / "run.toml").write_text("[[[")
    assert ask("cubie", "run", "run.toml", "--set", "model.") == []
    assert ask("cubie", "run", "run.toml", "--set", "solve.rt") == ["solve.rtol="]


def test_other_shells_are_given_whole_words(monkeypatch, capsys, folder):  # noqa: ARG001 - as above
    monkeypatch.setattr(sys, "argv", ["cubie"])
    for shell in ("zsh", "fish"):
        monkeypatch.setenv("_CUBIE_COMPLETE", f"complete_{shell}")
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "cubie run run.toml --set solve.algorithm=rodas5")
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
        with pytest.raises(SystemExit):
            main()
        assert "solve.algorithm=rodas5p" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["run", "run.toml"], []])
def test_a_bug_says_nothing(monkeypatch, ask, words):
    def broken(*_, **__):
        raise ValueError

    monkeypatch.setattr("cubie_cli.main.app", broken)
    assert ask("cubie", *words) == []


def test_scripts_are_printed_for_each_shell(cubie):
    for shell in ("bash", "zsh", "fish"):
        found = cubie("--show-completion", shell)
        assert (found.code, "_CUBIE_COMPLETE" in found.out) == (0, True)


def test_all_buffers_are_known():
    asked = SimpleNamespace(locations=SimpleNamespace(assignments=["something"]))
    assert sorted(BUFFERS) == sorted(_known_buffers(asked))
