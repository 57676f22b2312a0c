"""What each key of a run configuration is, in a sentence, by the tables of `schema`."""

from collections.abc import Mapping
from types import MappingProxyType

DESCRIPTIONS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "RunConfiguration": {
            "model": "The model file, or the tables of a model.",
            "solve": "The span of time, the method and its tolerances.",
            "buffers": "Where buffers live: by their names or globs.",
            "batch": "Which runs there are; without it one, with the model's values.",
            "output": "What is kept, and where.",
            "run": "What it runs on.",
        },
        "SolveTable": {
            "t0": "The start, in the model's unit of time.",
            "t1": "The end, later than t0.",
            "algorithm": 'A method that `cubie algorithms` lists; "auto" tries some on a few runs.',
            "precision": "Of the state; time is float64 in both.",
            "rtol": "Relative tolerance of a step.",
            "atol": "Absolute tolerance, one for all or a table with one for each state; default: rtol/1000 times the "
            "largest magnitude of the initial values.",
            "dt": "A fixed step, instead of adaptive ones.",
            "dt0": "The first step; default: estimated for each run.",
            "dt_min": "A run fails when a step of this size is rejected.",
            "dt_max": "The longest step; default: the span.",
            "max_steps": "Attempts of a run, accepted and rejected, after which it fails.",
            "max_events": "Firings of all events of a run, after which it fails.",
            "controller": "How the next step is chosen.",
            "newton": "Newton's method, for diagonally and fully implicit methods.",
            "linear": "The linear solver, for implicit methods.",
        },
        "ControllerTable": {
            "kind": "The rule; default: the method's own.",
            "kp": "Gain on the present error.",
            "ki": "Gain on the sum of errors.",
            "kd": "Gain on the change of errors.",
            "safety": "A factor on each step; default: 0.9.",
            "min_factor": "The least factor from one step to the next.",
            "max_factor": "The largest factor from one step to the next.",
        },
        "NewtonTable": {
            "tolerance": "The error at which it stops, in units of the step's tolerances.",
            "max_iters": "Corrections after which a step is rejected; default: 10, with dt 100.",
            "damping": "The factor on a correction for each backtrack.",
            "max_backtracks": "How often a correction that does not help is shortened.",
            "jacobian": "One matrix for a step, or a new one for each correction.",
        },
        "LinearTable": {
            "kind": "Direct, by factors (lu), or one of the iterations without a matrix.",
            "preconditioner": "Of the iterations.",
            "neumann_order": 'Terms of the preconditioner "neumann" after the first.',
            "tolerance": "The reduction of the residual at which iterations stop.",
            "max_iters": "Iterations after which a step is rejected.",
        },
        "BatchTable": {
            "mode": "Every combination (default), values side by side, or values by chance.",
            "groups": "Axes of a grid that move several quantities together, by name.",
        },
        "GroupTable": {"mode": "Values side by side (default), or values by chance."},
        "_RunsTable": {
            "n": "The number of runs of a sample.",
            "method": 'How a sample is drawn; default: "random".',
            "seed": "Of a sample; default: 0. The same seed gives the same values.",
            "table": "A file with a row for each run.",
            "columns": "The columns of the table by the quantities that they are.",
            "values": "Values of parameters, and of states for their initial values, by name.",
            "correlated": "Quantities of a sample that are normal together.",
        },
        "SummaryTable": {
            "kind": "What it is.",
            "level": "The level of a kind that has one.",
            "crossings": "How often this level is crossed.",
            "first_crossing": "When this level is first crossed.",
            "last_crossing": "When this level is last crossed.",
            "time_above": "How long the quantity is above this level.",
            "time_below": "How long the quantity is below this level.",
            "direction": "Which crossings count; default: both.",
            "above": "Lower peaks do not count.",
            "window": "Where it begins and ends: numbers, or expressions in quotes.",
            "name": "What the result calls it.",
        },
        "SummariesTable": {"window": "Where all summaries begin and end: numbers, or expressions; default: the span."},
        "OutputTable": {
            "file": "The result; default: the configuration's name with .h5.",
            "save_every": "The time from one save to the next, from t0 on.",
            "save_at": "The times that are saved; with neither, t1 alone.",
            "states": "The states that are saved, globs too; default: all.",
            "observables": "The observables that are saved, globs too; default: none.",
            "summaries": "Numbers a run that are computed on the way, by states and observables.",
        },
        "RunTable": {
            "target": 'What it runs on; "auto" takes a GPU where there is one.',
            "threads": "Cores of the cpu target; default: all that the process may use.",
            "chunk": "Runs on the device at a time; default: as many as fit.",
            "cache": "Whether compiled kernels are kept, or the folder where.",
            "kernel": "How the kernel is compiled and launched; `cubie tune` finds what is fastest.",
        },
        "KernelTable": {
            "threads_per_block": "cuda: runs at a time a block, a multiple of 32.",
            "max_registers": "cuda: most registers a thread.",
            "resident_blocks": "cuda: blocks that a multiprocessor works on at a time.",
            "order": "cuda: whether runs are worked on in an order in which neighbours are alike.",
            "patience": "cuda: steps that lanes may miss until they take the next runs; 0: one run a thread.",
            "vectors": "cpu: vectors of runs that a core advances together.",
        },
    }
)
