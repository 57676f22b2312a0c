"""Loads what one command works on: a run configuration, its model and its batch, checked against each other."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from cubie_cli.batches.design import Design
from cubie_cli.batches.read_design import read_design
from cubie_cli.configurations.candidates import AUTO, candidates
from cubie_cli.configurations.configuration import Configuration, check_format, read_configuration
from cubie_cli.configurations.schema import RunConfiguration
from cubie_cli.documents.columns import TableFile
from cubie_cli.documents.digest import digest_of
from cubie_cli.documents.document import Document, read_document
from cubie_cli.documents.enclosed import CHANGED, enclosed_model, is_enclosing, read_enclosed
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.overrides import apply_overrides, leaves, with_value
from cubie_cli.documents.paths import is_there, resolved
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean
from cubie_cli.models.chosen import Wholes, joined
from cubie_cli.models.model import Model, read_model
from solvers.equations.drivers import Driver
from solvers.planning.event_findings import END, event_findings
from solvers.planning.exchange import Exchange

#: The tables of a model whose values options set.
_OF_VALUES = ("states", "parameters", "constants")
#: Variables and groups that every result has.
RESULT_NAMES = ("time", "run", "status", "steps", "rejected", "memory_report")


@dataclass(frozen=True)
class Job:
    """A run configuration with its model and batch.

    Parameters
    ----------
    configuration, model, design
        What is to be done, and for which runs.
    document
        The run configuration as written, for messages.
    candidates
        The algorithms to choose from; none where the configuration names it. Until then the first stands for them.
    """

    configuration: Configuration
    model: Model
    design: Design
    document: Document
    candidates: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The run configuration's file."""
        return self.document.path

    @property
    def model_path(self) -> Path:
        """The model's file; the run configuration itself where it holds the model."""
        return self.model.document.path

    @property
    def exchange(self) -> Exchange:
        """The arrays that pass between the host and the kernel."""
        settings = self.configuration
        return Exchange(self.model.quantities, settings.solve, settings.save, self.design.names)

    @cached_property
    def wholes(self) -> Wholes:
        """The vectors that are variables of the result, by what that of their first element would be called."""
        found = dict(self.configuration.wholes)
        for event in self.model.events:
            found.update(event.wholes)
        return found

    @property
    def swept_variables(self) -> tuple[str, ...]:
        """What the swept quantities are called in the result: an initial value as its state, with _0."""
        states = self.model.quantities.states
        return tuple(f"{name}_0" if name in states else name for name in self.design.names)

    @property
    def index_variables(self) -> tuple[str, ...]:
        """What a run's position along each axis of a grid is called in the result."""
        return tuple(f"{axis}_index" for axis in self.design.indexed)

    @cached_property
    def texts(self) -> dict[str, str]:
        """The texts of the files behind the job: the two, what options lay over the configuration, rows of tables."""
        overlays = self.document.overlays
        texts = {"configuration": self.document.text, "model": self.model.document.text}
        texts |= {"settings": "\n".join(overlay.text for overlay in overlays)} if overlays else {}
        if self.document.overrides or (self.document.enclosed and CHANGED in self.document.enclosed.texts):
            texts[CHANGED] = json.dumps(self.document.data)
        drivers = (driver for driver in self.model.quantities.drivers if driver.name in self.model.table_files)
        return texts | {f"drivers/{driver.name}": _rows(driver) for driver in drivers} | dict(self.design.texts)

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of all that the values of a result depend on: what is written, however it is spelt or set."""
        configuration = {key: value for key, value in self.document.data.items() if key not in {"run", "model"}}
        output = {key: value for key, value in configuration.get("output", {}).items() if key != "file"}
        model = self.model.document.get(self.model.prefix)
        kernel = self.document.get(("run", "kernel"))
        settings = {**configuration, "output": output, "kernel": kernel}
        found = {"configuration": digest_of(settings), "model": digest_of(model)}
        return found | {name: file.sha256 for name, file in self.table_files.items()}

    @property
    def files(self) -> dict[str, Path]:
        """The files that are read, by what they hold."""
        tables = {name: file.path for name, file in self.table_files.items()}
        return {"configuration": self.path, "model": self.model_path, **tables}

    @property
    def table_files(self) -> dict[str, TableFile]:
        """The files of tables: of drivers, and of runs."""
        drivers = {f"driver_{name}": file for name, file in self.model.table_files.items()}
        return drivers | dict(self.design.tables)


def read_written(path: Path) -> Document:
    """Read a run configuration, or the one that a result holds.

    Raises
    ------
    UserError
        The file is none, or no TOML.
    """
    return read_enclosed(path) if is_enclosing(path) else read_document(path)


def load(config: Path | str | Document, overrides: Sequence[str] = ()) -> Job:
    """Read a run configuration and its model.

    Parameters
    ----------
    config
        The run configuration, read or to be read, or a result, which is to be repeated.
    overrides
        `table.key=value` options that replace values of the run configuration.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    written = config if isinstance(config, Document) else read_written(Path(config))
    document = apply_overrides(written, tuple(overrides))
    tables = check_format(document)
    model = _load_model(document)
    open_to = _fitting(document, tables, model) if tables.solve.algorithm == AUTO else ()
    configuration = read_configuration(document, _with(tables, *open_to[:1]), model)
    job = Job(configuration, model, read_design(document, model), document, open_to)
    _check_result_names(job)
    _check_drivers(job)
    return job


def with_algorithm(job: Job, name: str) -> Job:
    """Return a job that leaves the choice open with one of its candidates."""
    tables = _with(check_format(job.document), name)
    return replace(job, configuration=read_configuration(job.document, tables, job.model), candidates=())


def _with(tables: RunConfiguration, algorithm: str | None = None) -> RunConfiguration:
    """Return tables with an algorithm, if one is given."""
    if algorithm is None:
        return tables
    return tables.model_copy(update={"solve": tables.solve.model_copy(update={"algorithm": algorithm})})


def _fitting(document: Document, tables: RunConfiguration, model: Model) -> tuple[str, ...]:
    """Return the candidates that have a use for all that is set; raise `UserError` where there is none."""
    fitting, refused = [], None
    for name in candidates(document, tables.solve, len(model.quantities.states)):
        try:
            read_configuration(document, _with(tables, name), model)
        except UserError as error:
            refused = refused or error
        else:
            fitting.append(name)
    if not fitting and refused:
        raise refused
    return tuple(fitting)


def _load_model(document: Document) -> Model:
    place: KeyPath = ("model", "file")
    if document.get(place) is None:
        return read_model(document, ("model",))
    enclosed = document.enclosed and not document.changed(place)
    written = enclosed_model(document) if enclosed else read_document(_model_path(document, place))
    return read_model(_with_options(document, written))


def _with_options(document: Document, written: Document) -> Document:
    """Return a model's file with the values that options set.

    Raises
    ------
    UserError
        The configuration itself has more of a model than its file, or an option sets what the model has not.
    """
    values = {key: value for key, value in document.data["model"].items() if key != "file"}
    told = {path[1]: origin for path, origin in document.overrides.items() if path[0] == "model" and len(path) > 1}
    for key in values:
        if key not in told and not document.enclosed:
            message = f"the model is in a file, {key!r} does not belong here"
            raise document.error(message, ("model", key), "key", "give either file or the model's tables")
    for path, value in leaves(values):
        place: KeyPath = ("model", *path)
        if path[0] in _OF_VALUES and written.get(path) is None:
            known = written.get(path[:1], {})
            message = f"the model has no {path[-1]!r} in [{path[0]}]"
            raise document.error(message, place, "key", did_you_mean(str(path[-1]), known))
        option = ".".join(map(str, place))
        written = with_value(written, path, value, option, document.overrides.get(place, option))
    return written


def _model_path(document: Document, place: KeyPath) -> Path:
    """Return the model's file, which is there."""
    name = document.get(place)
    if not isinstance(name, str) or not name.strip() or "\0" in name:
        raise document.error("a file name is needed", place)
    path = resolved(document.path.parent, name)
    if not is_there(path):
        hint = "paths have / between their parts" if "\\" in name else "the name is relative to this file"
        raise document.error(f"no such model file: {path}", place, hint=hint)
    return path


def _rows(driver: Driver) -> str:
    """Return a driver's rows as text that has every digit of them."""
    rows = zip(driver.times.tolist(), driver.values.tolist(), strict=True)
    return "\n".join(["time,value", *(f"{time!r},{value!r}" for time, value in rows), ""])


def _check_drivers(job: Job) -> None:
    """Raise `UserError` for a driver that has no value on all of the span, or one that the precision cannot hold."""
    solve = job.configuration.solve
    for driver in job.model.quantities.drivers:
        first, last = float(driver.times[0]), float(driver.times[-1])
        if driver.outside == "error" and not first <= solve.t0 <= solve.t1 <= last:
            message = (
                f"the table of {driver.name!r} is from {first:g} to {last:g}, the run from {solve.t0:g} to {solve.t1:g}"
            )
            hint = 'take a table that covers the run, or choose outside = "hold", "zero" or "periodic"'
            raise job.model.error("drivers", driver.name, message, hint)
        largest = float(np.abs(driver.values).max())
        if solve.precision == "float32" and largest > float(np.finfo(np.float32).max):
            message = f"the table of {driver.name!r} has the value {largest:g}, which is too large for float32"
            raise job.model.error("drivers", driver.name, message, 'set precision = "float64"')


def _check_result_names(job: Job) -> None:
    """Raise `UserError` where two variables of the result would have one name."""
    taken = dict.fromkeys(RESULT_NAMES, "part of every result")
    for variable, what, place in [*_saved(job), *_swept(job), *_summaries(job), *_events(job)]:
        if variable in taken:
            message = f"{what} would be written as {variable!r}, which is {taken[variable]}"
            raise _error_at(job, message, place)
        taken[variable] = what
    for vector in {whole.vector.name: whole.vector for whole in job.wholes.values()}.values():
        for dimension, _ in vector.dimensions:
            if dimension in taken:
                message = f"the index of {vector.name!r} would be written as {dimension!r}, which is {taken[dimension]}"
                path = (*job.model.prefix, vector.table, vector.name)
                hint = 'rename one of the two: index = "..." names the index'
                raise job.model.document.error(message, path, "key", hint)


def _saved(job: Job) -> Iterator[tuple[str, str, KeyPath]]:
    """Yield each saved variable, what it is, and the key path that asks for it."""
    states = job.model.written.entries["states"]
    for each in job.configuration.saved:
        yield each.name, f"the {'state' if each.elements[0] in states else 'observable'} {each.name!r}", each.place


def _swept(job: Job) -> Iterator[tuple[str, str, KeyPath]]:
    for name, variable in zip(job.design.names, job.swept_variables, strict=True):
        what = "parameter" if variable == name else "initial value of"
        yield variable, f"the swept {what} {name!r}", job.design.places[name]
    for axis, variable in zip(job.design.indexed, job.index_variables, strict=True):
        group: KeyPath = ("batch", "groups", axis)
        place = group if job.document.get(group) is not None else job.design.places[axis]
        yield variable, f"the position along the axis {axis!r}", place


def _events(job: Job) -> Iterator[tuple[str, str, KeyPath]]:
    """Yield what is told of each event, and the dimension of what is recorded."""
    quantities, precision = job.model.quantities, job.configuration.solve.precision
    for event in job.model.events:
        own = replace(quantities, event_facts=(replace(event.facts, stop=0),))
        findings = event_findings(own, precision)
        dimensions = {finding.dimension for finding in findings if finding.dimension}
        variables = joined([finding.name for finding in findings], event.wholes)
        for variable in [*(each.name for each in variables), *dimensions]:
            yield variable, f"what is told of the event {event.facts.name!r}", (*event.path, "name")
    if any(event.facts.stop for event in job.model.events):
        yield END, "the end of a run", next((*event.path, "stop") for event in job.model.events if event.facts.stop)


def _summaries(job: Job) -> Iterator[tuple[str, str, KeyPath]]:
    settings = job.configuration
    summaries = settings.save.summaries
    for each in joined([summary.name for summary in summaries], settings.wholes):
        place = settings.summary_places[each.rows.start]
        yield each.name, f"the summary {summaries[each.rows.start].kind!r} of {place[2]!r}", place


def _error_at(job: Job, message: str, place: KeyPath) -> UserError:
    if "events" in place:
        return job.model.document.error(message, place, hint="rename one of the two")
    if job.document.get(place) is None:
        # All states are saved where none are named: the model is the only place to point at.
        name = job.model.written.names_in("states")[int(place[-1])]
        path = (*job.model.prefix, "states", name)
        return job.model.document.error(message, path, hint="rename it, or leave it out of [output] states")
    hint = "rename it in the model, or leave it out here"
    if place[:2] == ("output", "summaries"):
        hint = 'give it another name: { kind = "...", name = "..." }'
    return job.document.error(message, place, "key", hint)
