"""Targets that compile device code as if its probes were not there."""

import ast
import inspect
import textwrap
from types import FunctionType


def without_probes(function: FunctionType) -> FunctionType:
    """Return a control function compiled anew from its source, less the lines that call a probe."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list, definition.returns = [], None
    for argument in definition.args.args:
        argument.annotation = None
    _Remover().visit(definition)
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    maker = ast.FunctionDef(
        name="make",
        args=ast.arguments(
            posonlyargs=[], args=[ast.arg(name) for name in cells], kwonlyargs=[], kw_defaults=[], defaults=[]
        ),
        body=[definition, ast.Return(ast.Name(definition.name, ast.Load()))],
        decorator_list=[],
        type_params=[],
    )
    scope = dict(function.__globals__)
    exec(compile(ast.fix_missing_locations(ast.Module([maker], [])), "<without probes>", "exec"), scope)  # noqa: S102
    made = scope["make"](**{name: cell.cell_contents for name, cell in cells.items()})
    made.__qualname__, made.__module__ = function.__qualname__, function.__module__
    return made


class _Remover(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        call = node.value
        probed = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "probe"
        return None if probed else node
