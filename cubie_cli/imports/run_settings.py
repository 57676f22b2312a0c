"""What a run configuration says where the source of a model says nothing."""

from cubie_cli.imports.imported import ImportedModel, RunSettings

_SPAN = 100.0
_SAVES = 1000


def settings_of(model: ImportedModel) -> RunSettings:
    """Return a model's settings for solving it, or some to begin with."""
    if model.settings is not None:
        return model.settings
    remark = "The source of the model does not say for how long it is solved: t1 is a guess, as all else is."
    solve: dict[str, object] = {"t1": _SPAN, "algorithm": "rodas5p", "rtol": 1e-6}
    return RunSettings({"solve": solve, "output": {"save_every": _SPAN / _SAVES}}, (remark,))
