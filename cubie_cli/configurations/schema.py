"""Every table and key of a run configuration: the type, range and default of each value."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from solvers.settings import LinearKind, LinearSettings, NewtonSettings, Preconditioner, SummaryKind

Target = Literal["auto", "cuda", "cpu", "python"]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]

#: Where buffers live that `[buffers]` does not name.
DEFAULT_LOCATION = "auto"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


def _number_or_table(value: Any) -> str:
    return "table" if isinstance(value, dict) else "number"


AbsoluteTolerance = Annotated[
    Annotated[Positive, Tag("number")] | Annotated[dict[str, Positive], Tag("table")],
    Discriminator(_number_or_table),
]


def _number_or_text(value: Any) -> str:
    return "text" if isinstance(value, str) else "number"


WindowEnds = list[
    Annotated[
        Annotated[float, Tag("number")] | Annotated[str, Tag("text")],
        Discriminator(_number_or_text),
    ]
]


class ControllerTable(_Table):
    """`[solve.controller]`."""

    kind: Literal["fixed", "i", "pi", "pid", "gustafsson"] | None = None
    kp: float | None = None
    ki: float | None = None
    kd: float | None = None
    safety: Annotated[float, Field(gt=0, le=1)] | None = None
    min_factor: Annotated[float, Field(gt=0, lt=1)] | None = None
    max_factor: Annotated[float, Field(gt=1)] | None = None


class NewtonTable(_Table):
    """`[solve.newton]`."""

    tolerance: Positive = NewtonSettings.tolerance
    max_iters: Annotated[int, Field(ge=1, le=1000)] | None = NewtonSettings.max_iters
    damping: Annotated[float, Field(gt=0, lt=1)] = NewtonSettings.damping
    max_backtracks: Annotated[int, Field(ge=0, le=100)] = NewtonSettings.max_backtracks
    jacobian: Literal["step", "iteration"] | None = NewtonSettings.jacobian


class LinearTable(_Table):
    """`[solve.linear]`."""

    kind: LinearKind = LinearSettings.kind
    preconditioner: Preconditioner = LinearSettings.preconditioner
    neumann_order: Annotated[int, Field(ge=0, le=16)] = LinearSettings.neumann_order
    tolerance: Annotated[float, Field(gt=0, lt=1)] | None = LinearSettings.tolerance
    max_iters: Annotated[int, Field(ge=1, le=1_000_000)] = LinearSettings.max_iters


class SolveTable(_Table):
    """`[solve]`."""

    t0: float = 0.0
    t1: float
    algorithm: str = "auto"
    precision: Literal["float64", "float32"] = "float64"
    rtol: Positive = 1e-6
    atol: AbsoluteTolerance | None = None
    dt: Positive | None = None
    dt0: Positive | None = None
    dt_min: NotNegative = 0.0
    dt_max: Positive | None = None
    max_steps: Annotated[int, Field(ge=1, lt=2**31)] = 1_000_000
    max_events: Annotated[int, Field(ge=1, lt=2**31)] = 100_000
    controller: ControllerTable = ControllerTable()
    newton: NewtonTable = NewtonTable()
    linear: LinearTable = LinearTable()


class CorrelatedTable(_Table):
    """Quantities of a sample that are correlated; read by `cubie_cli.batches.read_distribution`."""

    model_config = ConfigDict(extra="allow", frozen=True)


def _list_or_table(value: Any) -> str:
    return "table" if isinstance(value, dict) else "list"


class _RunsTable(_Table):
    """Runs, or positions of an axis; read by `cubie_cli.batches.read_design`."""

    n: Count | None = None
    method: Literal["random", "latin_hypercube", "sobol", "halton"] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**62)] | None = None
    table: str | None = None
    columns: dict[str, str] | None = None
    values: dict[str, Any] = {}
    correlated: (
        Annotated[
            Annotated[CorrelatedTable, Tag("table")] | Annotated[list[CorrelatedTable], Tag("list")],
            Discriminator(_list_or_table),
        ]
        | None
    ) = None


class GroupTable(_RunsTable):
    """`[batch.groups.NAME]`."""

    mode: Literal["zip", "sample"] | None = None


class BatchTable(_RunsTable):
    """`[batch]`."""

    mode: Literal["grid", "zip", "sample"] | None = None
    groups: dict[str, GroupTable] = {}


class SummaryTable(_Table):
    """A summary with options; of a level, which may stand by the name of the kind."""

    kind: SummaryKind | None = None
    level: float | None = None
    crossings: float | None = None
    first_crossing: float | None = None
    last_crossing: float | None = None
    time_above: float | None = None
    time_below: float | None = None
    direction: Literal["up", "down", "both"] | None = None
    above: float | None = None
    window: WindowEnds | None = None
    name: str | None = None


def _name_or_table(value: Any) -> str:
    return "table" if isinstance(value, dict) else "name"


SummaryEntry = Annotated[
    Annotated[str, Tag("name")] | Annotated[SummaryTable, Tag("table")],
    Discriminator(_name_or_table),
]


class SummariesTable(_Table):
    """`[output.summaries]`: a window, and lists of summaries by the names of states and observables."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False, frozen=True)
    __pydantic_extra__: dict[str, list[SummaryEntry]]

    window: WindowEnds | None = None


class OutputTable(_Table):
    """`[output]`."""

    file: str | None = None
    save_every: Positive | None = None
    save_at: (
        Annotated[
            Annotated[list[float], Tag("list")] | Annotated[dict[str, Any], Tag("table")], Discriminator(_list_or_table)
        ]
        | None
    ) = None
    states: list[str] | None = None
    observables: list[str] = []
    precision: Literal["float64", "float32"] | None = None
    compression: Literal["none", "gzip"] = "none"
    summaries: SummariesTable | None = None


class KernelTable(_Table):
    """`[run.kernel]`."""

    threads_per_block: Annotated[int, Field(ge=32, le=1024, multiple_of=32)] | None = None
    threads_per_run: Literal[1, 2, 4, 8, 16, 32] | None = None
    max_registers: Annotated[int, Field(ge=24, le=255)] | None = None
    resident_blocks: Count | None = None
    order: bool | None = None
    patience: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    vectors: Annotated[int, Field(ge=1, le=8)] | None = None


def _word_or_list(value: Any) -> str:
    return "word" if isinstance(value, str) else "list"


class RunTable(_Table):
    """`[run]`."""

    target: Target = "auto"
    threads: Count | None = None
    chunk: Count | None = None
    devices: Annotated[
        Annotated[Literal["all"], Tag("word")] | Annotated[list[Annotated[int, Field(ge=0)]], Tag("list")],
        Discriminator(_word_or_list),
    ] = "all"
    cache: str | bool = True
    kernel: KernelTable = KernelTable()


class RunConfiguration(_Table):
    """A run configuration; `[model]` holds a file name or a model's own tables."""

    model: dict[str, Any]
    solve: SolveTable
    buffers: dict[str, Any] = {}
    batch: BatchTable = BatchTable()
    output: OutputTable = OutputTable()
    run: RunTable = RunTable()
