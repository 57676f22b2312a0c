"""Events in model files: what is read from them, and the place and words of every refusal."""

import pytest
import sympy

from cubie_cli.kernels.cache_key import kernel_key
from cubie_cli.models.system import read_system
from solvers.equations.quantities import EventFacts
from solvers.equations.system import (
    TIME,
    Appointments,
    Event,
    observable_symbol,
    parameter_symbol,
    slope_symbol,
    state_symbol,
)

X, Y, K, V = state_symbol(0), state_symbol(1), parameter_symbol(0), observable_symbol(0)
SLOPE = slope_symbol(0)


def system(files, events):
    files.model.write_text(f"{files.model.read_text()}{events}")
    return read_system(files.load().model)


def test_an_event_with_times_that_are_numbers(files):
    found = system(
        files, '[[events]]\nname = "dose"\nat = { start = 1, every = 0.5, count = 10 }\nset = { x = "x + k" }'
    )
    appointments = Appointments(start="events[0].start", every="events[0].every", count="events[0].count")
    assert found.events == (Event(appointments=appointments, changes=((X, X + K),)),)
    assert found.event_facts == (EventFacts("dose"),)
    assert found.event_numbers == {"events[0].start": 1.0, "events[0].every": 0.5, "events[0].count": 10.0}


def test_an_event_with_times_that_are_expressions(files):
    tables = '[[events]]\nname = "a"\nat = ["k", 2.5, "c*k", 1]\n[[events]]\nname = "b"\nat = "k + c"\n'
    tables += '[[events]]\nname = "c_"\nat = { start = "k", every = "2*k", until = 9.0 }'
    first, second, third = system(files, tables).events
    assert first.appointments.times == (K, "events[0].times[1]", sympy.Float(4.0) * K, "events[0].times[3]")
    assert (second.appointments.times[0] - (K + 4)).equals(0)
    assert third.appointments == Appointments(start=K, every=2 * K, until="events[2].until")
    assert files.load().model.quantities.event_numbers == {
        "events[0].times[1]": 2.5,
        "events[0].times[3]": 1.0,
        "events[2].until": 9.0,
    }


def test_a_single_time_is_a_list_of_one(files):
    assert system(files, '[[events]]\nname = "a"\nat = 3').events[0].appointments.times == ("events[0].times[0]",)


@pytest.mark.parametrize(("words", "direction"), [("", 0), ('"both"', 0), ('"up"', 1), ('"down"', -1)])
def test_an_event_with_an_expression(files, words, direction):
    line = f"direction = {words}\n" if words else ""
    found = system(files, f'[[events]]\nname = "a"\nwhen = "v - t*der(x) - c"\n{line}set = {{ k = "t", y = 2 }}')
    (event,) = found.events
    assert (event.when - (V - TIME * SLOPE - 4)).equals(0)
    assert event.direction == direction
    assert event.appointments is None
    assert event.changes == ((K, TIME), (Y, 2))
    assert found.event_numbers == {}


@pytest.mark.parametrize(
    ("lines", "facts"),
    [
        ("", EventFacts("a")),
        ("stop = true", EventFacts("a", stop=1)),
        ("stop = false", EventFacts("a")),
        ("stop = 3", EventFacts("a", stop=3)),
        ("record = 5", EventFacts("a", first=5)),
        ('record = { first = 2, states = ["y"], observables = ["v"] }', EventFacts("a", 0, 2, (1,), (0,))),
        ("[events.record]\nfirst = 2", EventFacts("a", first=2)),
    ],
)
def test_what_an_event_does_besides(files, lines, facts):
    assert system(files, f'[[events]]\nname = "a"\nwhen = "x"\n{lines}').event_facts == (facts,)


def test_positions_of_observables_are_those_of_their_use(files):
    files.edit_model('v = "x*y"', 'w = "v + 1"\nv = "x*y"')
    found = system(files, '[[events]]\nname = "a"\nat = 1\nrecord = { first = 1, observables = ["w", "v"] }')
    assert found.observables == ("v", "w")
    assert found.event_facts[0].observables == (1, 0)


def test_events_stand_in_a_run_configuration_too(files):
    text = files.model.read_text().replace("[", "[model.").replace('name = "test"', '[model]\nname = "test"')
    run = files.run.read_text().replace('[model]\nfile = "model.toml"\n', "")
    files.run.write_text(f'{text}[[model.events]]\nname = "a"\nwhen = "x - z"\n{run}')
    error = files.refused()
    assert (error.file, error.line, error.column) == (str(files.run), 17, 13)
    assert "undefined name 'z'" in error.message


def test_quotients_are_filled_in_as_in_equations(files):
    filled = system(files, '[[events]]\nname = "a"\nwhen = "x/(exp(x) - 1) - 1"').events[0].when
    assert filled.has(sympy.Piecewise)


A = '[[events]]\nname = "a"\n'


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("events = 3\n", 1, 1, ["'events' must be a list of tables, this is a number", "[[events]]"]),
        ('events = ["x"]\n', 1, 11, ["an event is a table, this is text"]),
        ('[events]\nname = "a"\n', 14, 2, ["'events' must be a list of tables, this is a table", "[[events]]"]),
        ("[[events]]\nat = 1\n", 14, 3, ["needs a name", 'add name = "..."']),
        (f"{A}at = 1\n[[events]]\nat = 1\n", 17, 3, ["needs a name"]),
        ("[[events]]\nname = 3\nat = 1\n", 15, 8, ["text in quotes"]),
        ('[[events]]\nname = "two words"\nat = 1\n', 15, 8, ["'two words' is not a name"]),
        ('[[events]]\nname = "µ"\nat = 1\n', 15, 8, ["not a name"]),
        (f'[[events]]\nname = "{"a" * 201}"\nat = 1\n', 15, 8, ["longer than 200"]),
        (f"{A}at = 1\n{A}at = 1\n", 18, 8, ["another event 'a'"]),
        (f"{A}att = 1\n", 16, 1, ["unknown key 'att' in [[events]]", "did you mean 'at'"]),
        (f'{A}trigger = "x"\n', 16, 1, ["unknown key 'trigger'", "did you mean 'when'?"]),
        (f"{A}", 14, 3, ["the event 'a' never fires", "add at = "]),
        (f'{A}at = 1\nwhen = "x"\n', 17, 1, ["both 'at' and 'when'", "two events"]),
        (f'{A}at = 1\ndirection = "up"\n', 17, 1, ["'direction' is for events with 'when'"]),
        (f'{A}when = "x"\ndirection = "upp"\n', 17, 13, ["'direction' is one of", "did you mean 'up'"]),
        (f'{A}when = "x"\ndirection = 1\n', 17, 13, ["'direction' is one of"]),
        # when
        (f"{A}when = 3.0\n", 16, 8, ["a number never crosses zero", "a time stands in 'at'"]),
        (f"{A}when = true\n", 16, 8, ["text in quotes", "true or false"]),
        (f'{A}when = ""\n', 16, 9, ["the expression is empty"]),
        (f'{A}when = "x - zz"\n', 16, 13, ["undefined name 'zz'"]),
        (f'{A}when = "x > 1"\n', 16, 9, ["this is a condition", "write x - 1.8"]),
        (f'{A}when = "1 - c"\n', 16, 8, ["a constant, which never crosses zero"]),
        (f'{A}when = "der(k)"\n', 16, 13, ["der takes the name of a state"]),
        (f'{A}when = "x/(exp(y + x*y - y) - 1 - k*x)"\n', 16, 8, ["0/0 where"]),
        # at
        (f"{A}at = true\n", 16, 6, ["a number is needed, this is true or false"]),
        (f"{A}at = inf\n", 16, 6, ["finite"]),
        (f"{A}at = []\n", 16, 6, ["no times", "start = 0.0"]),
        (f'{A}at = [1.0, "k", [2.0]]\n', 16, 17, ["a number or an expression is needed, this is a list"]),
        (f"{A}at = [1.0, 2.0, 1]\n", 16, 17, ["the time 1 is given twice"]),
        (f'{A}at = ["k", nan]\n', 16, 12, ["finite"]),
        (f'{A}at = "3*t"\n', 16, 9, ["'t' is not known before the run", "'when'"]),
        (f'{A}at = "k + y"\n', 16, 11, ["'y' is in [states]", "parameters and constants"]),
        (f'{A}at = "v"\n', 16, 7, ["'v' is in [observables]"]),
        (f'{A}at = "k + zz"\n', 16, 11, ["undefined name 'zz'"]),
        (f'{A}at = "k & 1"\n', 16, 9, ["'&' is not an operator"]),
        (f'{A}at = "k > 1"\n', 16, 7, ["this is a condition"]),
        (f"{A}at = {{ begin = 1, every = 2 }}\n", 16, 8, ["unknown key 'begin' in 'at'", "known here: start, every"]),
        (f"{A}at = {{ start = 1 }}\n", 16, 6, ["'every' is missing in 'at'", "every = 24.0"]),
        (f"{A}at = {{ every = 1 }}\n", 16, 6, ["'start' is missing in 'at'"]),
        (f"{A}at = {{ start = 0, every = 0 }}\n", 16, 27, ["'every' must be more than 0"]),
        (f"{A}at = {{ start = 0, every = 1, count = 2, until = 3 }}\n", 16, 41, ["exclude each other"]),
        (f"{A}at = {{ start = 0, every = 1, count = 0 }}\n", 16, 38, ["'count' must be at least 1"]),
        (f"{A}at = {{ start = 0, every = 1, count = 2.5 }}\n", 16, 38, ["'count' must be a whole number, this is 2.5"]),
        (f"{A}at = {{ start = 0, every = 1, count = 1e10 }}\n", 16, 38, ["'count' must be a whole number"]),
        (f"{A}[events.at]\nstart = 0\nevery = -1\n", 18, 9, ["'every' must be more than 0"]),
        # set
        (f'{A}at = 1\nset = "x"\n', 17, 7, ["'set' must be a table, this is text"]),
        (f"{A}at = 1\nset = {{}}\n", 17, 7, ["'set' names nothing"]),
        (f'{A}at = 1\nset = {{ xx = "x" }}\n', 17, 9, ["no state or parameter 'xx'", "did you mean 'x'"]),
        (f"{A}at = 1\nset = {{ c = 1 }}\n", 17, 9, ["'c' is a constant", "move c to [parameters]"]),
        (f"{A}at = 1\nset = {{ v = 1 }}\n", 17, 9, ["'v' is in [observables]", "what it is made of"]),
        (f"{A}at = 1\nset = {{ x = true }}\n", 17, 13, ["text in quotes"]),
        (f"{A}at = 1\nset = {{ x = nan }}\n", 17, 13, ["finite"]),
        (f'{A}at = 1\nset = {{ x = "x +" }}\n', 17, 17, ["the expression ends"]),
        (f'{A}at = 1\n[events.set]\nx = "1"\ny = "2*zz"\n', 19, 8, ["undefined name 'zz'"]),
        # stop, record
        (f"{A}at = 1\nstop = 0\n", 17, 8, ["'stop' must be at least 1"]),
        (f"{A}at = 1\nstop = 2147483648\n", 17, 8, ["'stop' must be less than 2147483648"]),
        (f"{A}at = 1\nstop = 1.5\n", 17, 8, ["'stop' must be true, or the number of the firing", "1.5"]),
        (f'{A}at = 1\nstop = "yes"\n', 17, 8, ["'stop' must be true", "this is text"]),
        (f"{A}at = 1\nrecord = 0\n", 17, 10, ["'record' must be at least 1"]),
        (f"{A}at = 1\nrecord = true\n", 17, 10, ["'record' must be the number of firings", "true or false"]),
        (f"{A}at = 1\nrecord = {{ states = ['x'] }}\n", 17, 10, ["'first' is missing in 'record'"]),
        (f"{A}at = 1\nrecord = {{ frist = 1 }}\n", 17, 12, ["unknown key 'frist' in 'record'", "did you mean 'first'"]),
        (f"{A}at = 1\nrecord = {{ first = 1, states = 'x' }}\n", 17, 32, ["'states' must be a list", "brackets"]),
        (f"{A}at = 1\nrecord = {{ first = 1, states = ['v'] }}\n", 17, 33, ["no state 'v'"]),
        (f"{A}at = 1\nrecord = {{ first = 1, observables = ['v', 'v'] }}\n", 17, 43, ["'v' is given twice"]),
        # names of the result
        (f"{A}at = 1\n[units]\na_count = 'm'\n", 18, 1, ["no quantity"]),
    ],
)
def test_mistakes_are_told_with_their_place(files, text, line, column, words):
    before = files.model.read_text()
    files.model.write_text(f"{text}{before}" if text.startswith("events") else f"{before}{text}")
    error = files.refused()
    assert (error.file, error.line, error.column) == (str(files.model), line, column), str(error)
    assert all(word in str(error) for word in words), str(error)


@pytest.mark.parametrize(
    ("state", "event", "words"),
    [
        ("a_count", "at = 1", "'a_count', which is the state 'a_count'"),
        ("a_time", "at = 1\nrecord = 2", "'a_time', which is the state 'a_time'"),
        ("a_firing", "at = 1\nrecord = 2", "'a_firing', which is the state 'a_firing'"),
        ("a_y", 'at = 1\nrecord = { first = 1, states = ["y"] }', "'a_y', which is the state 'a_y'"),
        ("time_", 'at = 1\nrecord = { first = 1, states = ["y"] }\n[[events]]\nname = "a_y"\nat = 1', None),
        ("count", 'at = 1\nrecord = { first = 1, states = ["count"] }', "'a_count', which is what is told of"),
        ("time", 'at = 1\nrecord = { first = 1, states = ["time"] }\n', "'time', which is part of every result"),
        ("t_end", "at = 1\nstop = true", "'t_end', which is the state 't_end'"),
        ("t_end", "at = 1", None),
        ("a_time", "at = 1", None),
    ],
)
def test_names_in_the_result_are_distinct(files, state, event, words):
    files.edit_model("x = 1.0", f"{state} = 0.0\nx = 1.0")
    files.edit_model("[equations]", f'[equations]\n{state} = "1"')
    files.model.write_text(f"{files.model.read_text()}{A}{event}\n")
    if words is None:
        assert files.load()
    else:
        assert words in files.refused().message


def test_two_events_may_not_be_told_under_one_name(files):
    record = 'at = 1\nrecord = { first = 1, states = ["b_count"] }'
    files.edit_model("x = 1.0", "b_count = 0.0\nx = 1.0")
    files.edit_model("[equations]", '[equations]\nb_count = "1"')
    files.append_run('[output]\nstates = ["x"]\n')
    files.model.write_text(f'{files.model.read_text()}{A}{record}\n[[events]]\nname = "a_b"\nat = 2\n')
    error = files.refused()
    assert "'a_b_count', which is what is told of the event 'a'" in error.message
    assert error.line == 21


# -- what a kernel depends on -------------------------------------------------------------------

EVENTS = """\
[[events]]
name = "dose"
at = { start = 1.0, every = 2.0, count = 3 }
set = { x = "x + 1" }
[[events]]
name = "times"
at = [1.0, "k"]
[[events]]
name = "top"
when = "x - 1"
direction = "up"
stop = 2
record = { first = 4, states = ["x"] }
"""


def key(files, old="", new=""):
    text = files.model.read_text()
    assert old in EVENTS
    files.model.write_text(text + EVENTS.replace(old, new, 1))
    found = kernel_key(files.load(), "cpu", "any")
    files.model.write_text(text)
    return found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("start = 1.0", "start = -7.5"),
        ("every = 2.0", "every = 1e-3"),
        ("count = 3", "count = 300"),
        ("at = [1.0", "at = [5.0"),
        ('"dose"', '"dosing"'),
    ],
)
def test_another_number_needs_no_new_kernel(files, old, new):
    assert key(files) == key(files, old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("start = 1.0", 'start = "k"'),
        ("count = 3", "until = 3"),
        (", count = 3", ""),
        ("x + 1", "x + 2"),
        ('x = "x + 1"', 'y = "x + 1"'),
        ('[1.0, "k"]', '[1.0, "2*k"]'),
        ('[1.0, "k"]', '[1.0, 2.0, "k"]'),
        ('"x - 1"', '"x - 2"'),
        ('"up"', '"down"'),
        ("stop = 2", "stop = 3"),
        ("first = 4", "first = 5"),
        ('states = ["x"]', 'states = ["y"]'),
        (', states = ["x"]', ""),
        (EVENTS[EVENTS.rindex("[[") :], ""),
    ],
)
def test_what_else_is_written_is_compiled_in(files, old, new):
    assert key(files) != key(files, old, new)
