"""Reads the statements of an `.ode` file, and refuses what is no system of ordinary differential equations."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cubie_cli.documents.messages import UserError
from cubie_cli.imports.formulas import TIME, ZERO, Apply, Formula, Number, is_condition, names_in, uses
from cubie_cli.imports.imported import Happening, ImportedModel, State
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.xpp.expressions import WORDS, Definition, Scope, read_formula
from cubie_cli.imports.xpp.options import options_of, run_settings
from cubie_cli.imports.xpp.statements import Statement, statements
from cubie_cli.imports.xpp.tables import table_from_file, table_from_formula

_NAME = r"[a-z_]\w*"
_PAIR = re.compile(rf"({_NAME})\s*=\s*([^,\s]+)", re.ASCII)
_DERIVATIVE = re.compile(rf"(?:({_NAME})\s*'|d({_NAME})/dt)\s*=(.*)", re.ASCII | re.DOTALL)
_WITH_ARGUMENTS = re.compile(rf"({_NAME})\s*\(([^()]*)\)\s*=(.*)", re.ASCII | re.DOTALL)
_PLAIN = re.compile(rf"({_NAME})\s*=(?!=)(.*)", re.ASCII | re.DOTALL)
_COMMAND = re.compile(r"([a-z]+)\s+([^=\s].*)", re.DOTALL)
_INTEGRAL = re.compile(r"\bint\s*[\[{]")
_GLOBAL = re.compile(r"(-?\d+)\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_FORMULA_TABLE = re.compile(r"(\d+)\s+(\S+)\s+(\S+)\s+(.*)", re.DOTALL)

#: Commands by their names, of which the first letters do; the letters that are needed.
_COMMANDS = {
    "par": 1,
    "number": 1,
    "init": 1,
    "aux": 1,
    "table": 1,
    "global": 1,
    "wiener": 1,
    "markov": 1,
    "bndry": 1,
    "volterra": 1,
    "solve": 3,
    "special": 3,
    "set": 3,
    "only": 2,
    "options": 2,
    "export": 2,
    "import": 2,
}
_REFUSED = {
    "wiener": "noise",
    "markov": "a random process",
    "bndry": "a boundary condition",
    "volterra": "an integral equation",
    "solve": "an algebraic equation",
    "special": "a network with sums of its own",
    "import": "code of its own",
    "export": "code of its own",
}
_IGNORED = {
    "set": "values for the user interface",
    "only": "a choice of plotted variables",
    "options": "a file of options",
}
_DIRECTIONS = {1: "up", -1: "down", 0: "both"}


def read_ode(text: str, path: Path) -> ImportedModel:
    """Read an `.ode` file.

    Raises
    ------
    UserError
        With the line of what is wrong, or cannot be imported.
    """
    return _Reader(path).read(text)


class _Reader:
    """Collects statements first: formulas may refer to what comes after them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._model = ImportedModel(path.stem, "XPP")
        self._scope = Scope()
        self._homes: dict[str, str] = {}
        self._initial: dict[str, tuple[str, Statement]] = {}
        self._slopes: dict[str, tuple[str, Statement]] = {}
        self._later: list[tuple[Statement, Callable[[], None]]] = []
        #: Tables, which parameters are put into.
        self._last: list[tuple[Statement, Callable[[], None]]] = []
        self._options: dict[str, str] = {}

    def read(self, text: str) -> ImportedModel:
        for statement in statements(text, self._path):
            self._guarded(statement, self._note, statement)
        self._scope.names |= {name for name, home in self._homes.items() if home not in ("function", "table")}
        for statement, finish in [*self._later, *self._last]:
            self._guarded(statement, finish)
        for name, (formula, statement) in self._slopes.items():
            self._guarded(statement, self._add_state, name, formula)
        for name, (_, statement) in self._initial.items():
            if name not in self._slopes:
                self._guarded(statement, self._refuse_value, name)
        self._model.settings = run_settings(self._options)
        self._model.start = float(self._model.settings.tables["solve"]["t0"])  # type: ignore[arg-type] # a number
        return self._model

    def _guarded(self, statement: Statement, act: Callable[..., None], *given: object) -> None:
        try:
            act(*given)
        except NotRepresentableError as error:
            message = f"{error.what} cannot be imported"
            raise UserError(message, statement.path, statement.line, 1, error.hint, source=statement.original) from None

    # -- what statements say --------------------------------------------------------------------

    def _note(self, statement: Statement) -> None:
        text = statement.text.strip()
        if text.startswith("@"):
            self._options |= options_of(text[1:])
            run_settings(self._options)  # refuses them where they stand
            return
        if re.match(r"0\s*=", text):
            raise NotRepresentableError("an algebraic equation")
        for pattern, note in (
            (_DERIVATIVE, self._note_derivative),
            (_WITH_ARGUMENTS, self._note_with_arguments),
            (_PLAIN, self._note_plain),
        ):
            found = pattern.fullmatch(text.lstrip("!"))
            if found:
                note(statement, *found.groups())
                return
        command = _COMMAND.fullmatch(text)
        name = _command(command[1]) if command else None
        if command is None or name is None:
            raise NotRepresentableError("this statement, which is not known,", "see docs/imports.md for what is")
        self._note_command(statement, name, command[2])

    def _define(self, name: str, home: str) -> None:
        if name in WORDS:
            raise NotRepresentableError(f"a quantity of the name {name!r}, which is a word of XPP,")
        if name in self._homes:
            raise NotRepresentableError(f"{name!r}, which is defined twice,", "each name stands for one quantity")
        self._homes[name] = home

    def _note_derivative(self, statement: Statement, name: str | None, other: str | None, formula: str) -> None:
        state = str(name or other)
        self._define(state, "state")
        self._slopes[state] = (formula, statement)

    def _note_with_arguments(self, statement: Statement, name: str, written: str, formula: str) -> None:
        arguments = [each.strip() for each in written.split(",")]
        if arguments == ["0"]:
            self._initial[name] = (formula, statement)
        elif _INTEGRAL.search(formula):
            raise NotRepresentableError(f"the integral equation of {name!r}")
        elif re.fullmatch(r"t\s*\+\s*1", arguments[0]):
            raise NotRepresentableError(f"the difference equation of {name!r}")
        else:
            self._define(name, "function")
            self._scope.functions[name] = _Function(name, arguments, formula, self._scope, self._remark(name))

    def _note_plain(self, statement: Statement, name: str, formula: str) -> None:
        if statement.text.lstrip().startswith("!"):
            self._define(name, "parameter")
            self._later.append((statement, partial(self._add_parameter, name, formula)))
            return
        self._define(name, "observable")
        self._later.append((statement, partial(self._add_observable, name, formula)))

    def _note_command(self, statement: Statement, name: str, rest: str) -> None:
        if name in _REFUSED:
            raise NotRepresentableError(f"{name!r}, {_REFUSED[name]},")
        if name in _IGNORED:
            self._model.decided.append(f"line {statement.line}, {_IGNORED[name]}, is left out")
        elif name in ("par", "number"):
            for each, value in self._pairs(rest):
                self._define(each, "parameter")
                self._later.append((statement, partial(self._add_parameter, each, value)))
        elif name == "init":
            self._initial |= {each: (value, statement) for each, value in self._pairs(rest)}
        elif name == "aux":
            self._note_aux(statement, rest)
        elif name == "table":
            self._note_table(statement, rest)
        else:
            self._later.append((statement, partial(self._add_event, rest)))

    def _pairs(self, text: str) -> list[tuple[str, str]]:
        found = _PAIR.findall(text)
        if _PAIR.sub("", text).strip(" ,\t"):
            raise NotRepresentableError("a list that is not made of name=value", "such as par a=1, b=2.5")
        return found

    def _note_aux(self, statement: Statement, text: str) -> None:
        found = _PLAIN.fullmatch(text.strip())
        if found is None:
            raise NotRepresentableError("a quantity without a formula", "such as aux energy=v^2/2")
        name, formula = found.groups()
        if name in self._homes:
            if formula.strip() == name:
                return
            self._model.decided.append(f"aux {name} is called {name}_aux: there is another {name}")
            name = f"{name}_aux"
        self._define(name, "observable")
        self._later.append((statement, partial(self._add_observable, name, formula)))

    def _note_table(self, statement: Statement, text: str) -> None:
        name, _, rest = text.strip().partition(" ")
        self._define(name, "table")
        self._scope.tables.add(name)
        original = re.split(r"\s+", statement.original.strip(), maxsplit=2)[-1].strip()
        self._last.append((statement, partial(self._add_table, name, rest.strip(), original)))

    # -- what they mean -------------------------------------------------------------------------

    def _remark(self, name: str) -> Callable[[str], None]:
        return lambda text: self._model.remark(name, text)

    def _formula(self, name: str, text: str) -> Formula:
        return read_formula(text, self._scope, self._remark(name))

    def _add_parameter(self, name: str, text: str) -> None:
        self._model.parameters[name] = self._formula(name, text)

    def _add_observable(self, name: str, text: str) -> None:
        self._model.observables[name] = self._formula(name, text)

    def _add_state(self, name: str, text: str) -> None:
        initial = self._formula(name, self._initial[name][0]) if name in self._initial else ZERO
        self._model.states[name] = State(initial, self._formula(name, text))

    def _refuse_value(self, name: str) -> None:
        if self._homes.get(name) != "observable":
            raise NotRepresentableError(f"an initial value of {name!r}, which has no equation,")

    def _add_table(self, name: str, text: str, original: str) -> None:
        if not text.startswith("%"):
            table = table_from_file(self._path.parent / original)
        else:
            found = _FORMULA_TABLE.fullmatch(text[1:].strip())
            if found is None:
                raise NotRepresentableError("a table without its numbers", "such as table w % 51 0 10 sin(t)")
            first, last = (_number(each) for each in found.groups()[1:3])
            known = {each: value.value for each, value in self._model.parameters.items() if isinstance(value, Number)}
            formula = self._formula(name, found[4])
            table = table_from_formula(int(found[1]), first, last, formula, known)
            given = ", ".join(f"{each} = {known[each]:.15g}" for each in names_in(formula))
            self._model.remark(name, f"the values of {found[4].strip()}{' for ' * bool(given)}{given}")
        self._model.drivers[name] = table
        self._model.remark(name, "XPP goes on along the ends of a table; here a run that leaves it is refused")

    def _add_event(self, text: str) -> None:
        found = _GLOBAL.fullmatch(text.strip())
        if found is None or int(found[1]) not in _DIRECTIONS:
            raise NotRepresentableError("an event that is not written so", "such as global 1 {v-30} {v=c; u=u+d}")
        name = f"event_{len(self._model.events) + 1}"
        when = self._formula(name, found[2])
        if is_condition(when) or not (names_in(when) or uses(when, "t")):
            raise NotRepresentableError("a condition that crosses no zero", "write a difference, such as {v-30}")
        changes: dict[str, Formula] = {}
        stop = False
        for each in filter(str.strip, found[3].split(";")):
            changed = _PLAIN.fullmatch(each.strip())
            if changed is None:
                raise NotRepresentableError(f"the change {each.strip()!r}", "such as {v=c; u=u+d}")
            if changed[1] == "arret":
                stop = True
            else:
                changes[self._target(changed[1])] = self._formula(name, changed[2])
        direction = _DIRECTIONS[int(found[1])]
        if direction == "both":
            self._model.remark(name, "with sign 0 XPP acts only where a step ends at zero; here at each crossing")
        time = None if direction == "down" else self._time_in(when, changes)
        remarks = tuple(self._model.remarks.get(name, ()))
        event = Happening(name, changes, time, None if time else when, direction, remarks, stop)
        self._model.events.append(event)

    def _target(self, name: str) -> str:
        if name == "out_put":
            raise NotRepresentableError("out_put, which writes a line,", "remove it, and save what is needed")
        if self._homes.get(name) not in ("state", "parameter"):
            raise NotRepresentableError(f"a change of {name!r}, which is no variable or parameter,")
        return name

    def _time_in(self, when: Formula, changes: dict[str, Formula]) -> Formula | None:
        """Return the time at which t - time crosses zero, where that is known before a run."""
        if not (isinstance(when, Apply) and when.operation == "+" and len(when.arguments) == 2):
            return None
        first, second = when.arguments
        if first != TIME:
            return None
        time: Formula
        if isinstance(second, Number):
            time = Number(-second.value)
        elif isinstance(second, Apply) and second.operation == "-":
            time = second.arguments[0]
        else:
            return None
        known = all(self._homes.get(name) == "parameter" and name not in changes for name in names_in(time))
        return time if known and not uses(time, "t") else None


class _Function:
    """A function that is read where it is first used."""

    def __init__(self, name: str, arguments: list[str], text: str, scope: Scope, remark: Callable[[str], None]) -> None:
        self._name, self._arguments, self._text = name, arguments, text
        self._scope, self._remark = scope, remark
        self._known: Definition | None = None
        self._reading = False

    def __call__(self) -> Definition:
        if self._reading:
            raise NotRepresentableError(f"the function {self._name!r}, which is defined by itself,")
        if self._known is None:
            self._reading = True
            body = read_formula(self._text, self._scope, self._remark, self._arguments)
            self._known = Definition(tuple(self._arguments), body)
            self._reading = False
        return self._known


def _command(word: str) -> str | None:
    """Return the command of which a word has the first letters."""
    if word in ("param", "params", "parameter", "parameters", "p"):
        return "par"
    found = [name for name, letters in _COMMANDS.items() if len(word) >= letters and name.startswith(word)]
    return found[0] if found else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise NotRepresentableError(f"a table with {text!r} in place of a number") from None
