"""What other programs call things: by where a word stands, what it is called here, or what to do instead."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

#: By table, a name here and what it is called elsewhere; "" is a run configuration itself, "model" a model file.
_CALLED = {
    "": {"solve": "solver integrator simulation integration options settings", "batch": "sweep sample ensemble"},
    "solve": {
        "t0": "t_start tstart t_begin start_time start tmin",
        "t1": "t_end tend tfinal t_final t_stop tstop tmax t_max stop_time end_time final_time duration end",
        "algorithm": "method solver alg integrator scheme stepper",
        "dt": "h step step_size stepsize time_step timestep delta_t",
        "dt0": "first_step initial_step init_step h0 dt_init dt_initial",
        "dt_min": "min_step hmin min_dt",
        "dt_max": "max_step maxstep hmax max_dt",
        "rtol": "reltol rel_tol relative_tolerance tol tolerance eps",
        "atol": "abstol abs_tol absolute_tolerance",
        "max_steps": "maxiters max_iters max_num_steps mxstep max_iterations",
        "precision": "dtype float_type",
    },
    "batch": {
        "table": "csv tsv file data path filename",
        "n": "samples n_samples num_samples size runs n_runs count",
        "values": "parameters params sweep ranges grid variables states",
        "method": "sampler sampling design",
        "seed": "random_seed rng",
    },
    "output": {
        "file": "filename path name out output",
        "save_every": "dt every interval step save_interval dt_save",
        "save_at": "times saveat t_eval save_times",
        "states": "variables quantities columns",
    },
    "run": {
        "target": "device backend platform",
        "threads": "n_jobs workers cores n_threads num_threads jobs processes nproc",
        "chunk": "batch_size chunk_size chunks",
        "devices": "gpus gpu_ids device_ids",
    },
    "model": {
        "file": "path filename",
        "states": "variables vars species state unknowns initial initial_values initial_conditions",
        "parameters": "params",
        "equations": "odes ode rhs derivatives dynamics rates",
        "observables": "outputs assignments algebraic intermediates",
        "drivers": "inputs forcing",
    },
    "events": {
        "at": "time times t date schedule",
        "when": "trigger condition if crossing root guard",
        "set": "action actions assign assignments effect affect then do update reset",
        "stop": "terminal terminate end halt",
        "record": "save log store keep",
    },
    "at": {"every": "interval period step tau ii repeat", "count": "n times number addl", "until": "stop end"},
    "drivers": {
        "table": "file csv path",
        "method": "interpolation interp kind",
        "outside": "extrapolate extrapolation fill",
        "times": "t x",
        "values": "v y data",
    },
    "distribution": {
        "normal": "gaussian gauss norm",
        "lognormal": "lognorm log_normal",
        "uniform": "unif flat range",
        "loguniform": "log_uniform reciprocal",
        "choice": "choices values discrete categorical",
    },
}

#: By table, what to do instead, and of which keys.
_INSTEAD = {
    "": {
        "--set has model.parameters.NAME=3 and model.states.NAME=1, and for a sweep batch.values.NAME=[1, 2]": (
            "parameters params states initial constants values"
        ),
    },
    "solve": {
        "what is computed on is target = ... in [run]": "backend device gpu cpu",
        "all cores are used; [run] threads takes fewer": "parallel n_jobs threads",
        "progress is shown unless --quiet says otherwise; --verbose tells more": "progress verbose disp",
        "methods take the Jacobian from the equations": "jacobian jac",
        "how many runs there are is said in [batch]": "samples runs n_runs",
        "when values are saved is said in [output]: save_every or save_at": "dt_save saveat save_dt t_eval",
        "values at the start stand in [states] of the model; [batch.values] tries several": (
            "initial initial_values initial_conditions y0 x0 u0 ics"
        ),
        'for stiff systems write algorithm = "rodas5p", or "auto"': "stiff stiffness",
        "max_steps limits the steps; dt = ... fixes how long they are": "steps n_steps num_steps nsteps",
        "write t0 = ... and t1 = ...": "tspan t_span time_span span interval",
        "steps adapt unless dt = ... fixes them": "adaptive",
        "values between steps are interpolated where save_every in [output] asks for them": "dense_output",
    },
    "batch": {
        "shards are chosen as a batch is run: --shard I/N solves one, and cubie merge joins them": "shards",
    },
    "output": {
        "cubie plot draws a result": "plot figure",
        "cubie export writes a result, or a part of it, as CSV": "csv",
        'a folder is part of the name: file = "results/r.h5"': "dir folder directory",
        "a result is HDF5, which is netCDF-4 too; cubie export writes CSV": "format",
        'write compression = "gzip"': "compress compressed gzip zip filter",
        'write precision = "float32"': "dtype",
    },
    "run": {
        'write target = "cuda"': "gpu cuda use_gpu",
        "progress is shown unless --quiet says otherwise; --verbose tells more": "progress verbose",
        "shards are chosen as a batch is run: --shard I/N solves one, and cubie merge joins them": "shards",
    },
    "model": {
        "write what they add up to for each state, as [equations]; cubie import reads SBML and Antimony": "reactions",
        "write what they compute as [observables]": "functions",
        "systems here are ordinary and deterministic differential equations": "delays noise",
        "volumes are [parameters] or [constants]": "compartments",
        "this is a run configuration, and a model file is needed here": "model solve batch output run",
        'name = "..." is all that a model file says of itself; more may stand in comments': "metadata",
    },
    "spacing": {
        "write linspace = [first, last, number of values]": "range arange start stop step num n min max from to seq",
        "write logspace = [first, last, number of values], whose ends are values": "geomspace log",
        "a list stands alone, as in [1.0, 2.0]": "values list",
    },
    "distribution": {
        "distributions are uniform, loguniform, normal, lognormal and choice; a table has values of any other": (
            "triangular beta gamma exponential weibull poisson student_t cauchy"
        ),
    },
    "swept": {
        "what [solve] says is the same for all runs; --set solve.KEY=... changes it for one command": (
            "t0 t1 rtol atol dt dt0 dt_min dt_max max_steps algorithm precision"
        ),
    },
}

#: By key, what to do instead, and of which values.
_VALUES = {
    "target": {
        "did you mean 'cuda'?": "gpu nvidia",
        "did you mean 'cpu'?": "host processor numba",
        "GPUs are NVIDIA's here: 'cuda'; else take 'cpu'": "opencl hip rocm metal",
    },
    "mode": {
        'write mode = "sample" and method = "latin_hypercube"': "lhs latin_hypercube",
        'write mode = "sample" and method = "random"': "monte_carlo mc random",
        'write mode = "sample" and method = "sobol"': "sobol",
        'write mode = "sample" and method = "halton"': "halton",
        "did you mean 'grid'?": "product cartesian full_factorial combinations",
        "did you mean 'zip'?": "paired pairs list",
        'a table needs no mode: table = "runs.csv"': "table csv file",
    },
    "precision": {
        "did you mean 'float64'?": "double f64 fp64 float",
        "did you mean 'float32'?": "single f32 fp32",
    },
    "method": {
        "did you mean 'latin_hypercube'?": "lhs latin lhc",
        "did you mean 'random'?": "monte_carlo mc uniform",
    },
    "summary": {
        "did you mean 'integral'?": "auc area",
        "did you mean 'std'?": "variance var sd stdev",
        "did you mean 'range'?": "amplitude peak_to_peak span",
        "did you mean 'final'?": "last end value_at_end",
        "did you mean 'mean'?": "average avg",
        "did you mean 'time_of_max'?": "tmax argmax",
        "none is computed on the way: save the trajectory, and take it from that": (
            "median percentile quantile mode histogram first initial"
        ),
    },
    "command": {
        "did you mean 'run'?": "solve simulate integrate execute start sweep batch go",
        "did you mean 'validate'?": "check lint test verify",
        "did you mean 'init'?": "new create template start_project",
        "did you mean 'show'?": "info inspect summary describe print stats results",
        "did you mean 'plot'?": "draw view graph figure",
        "did you mean 'algorithms'?": "methods solvers list",
        "did you mean 'import'?": "convert sbml",
        "did you mean 'export'?": "csv to_csv dump save",
        "write cubie --help, or cubie run --help": "help man usage",
        "write cubie --version; cubie doctor lists the versions of all that it uses": "version versions",
        "kernels that are kept are listed by cubie doctor; docs/cache.md says where they are": "cache clean clear",
    },
    "argument": {"write model, or run for a run configuration": "config configuration toml job"},
    "cache": {"write it without quotes": "true false", "write true": "yes on", "write false": "no off none"},
    "algorithm": {
        "for stiff systems take rodas5p, or auto": (
            "cvode bdf lsoda lsode vode zvode dvode gear ode15s ode15i ida dassl daspk qndf fbdf ndf stiff implicit "
            "cvode_bdf odeint"
        ),
        "for accurate solutions take vern8, or auto": "ode113 adams abm vcabm ode78 ode89 rk8 ab2 ab3 ab4 cvode_adams",
        "take tsit5, or auto": "explicit nonstiff default automatic auto_switch",
        "none is symplectic; vern9 and gauss_legendre_6 keep energies well": "leapfrog verlet symplectic yoshida",
        "systems here are not random": "em euler_maruyama milstein gillespie ssa tauleap sde",
        "take radau_iia_9 or vern9": "seulex odex",
        "did you mean tr_bdf2?": "ode23t ode23tb",
        "did you mean rk4, whose steps are fixed, or tsit5?": "rk runge_kutta",
        "did you mean euler?": "euler_forward",
        "did you mean crank_nicolson?": "cn",
    },
}

#: In expressions, what to write, and for which functions and names.
_WRITTEN = {
    "function": {
        "write log(x)": "ln",
        "write x**2": "square sqr Pow power",
        "write 1/tan(x)": "cot",
        "write 1/cos(x)": "sec",
        "write 1/sin(x)": "csc",
        "write 1/tanh(x)": "coth",
        "write 1/cosh(x)": "sech",
        "write 1/sinh(x)": "csch",
        "write asin(x)": "arcsin",
        "write acos(x)": "arccos",
        "write atan(x)": "arctan",
        "write asinh(x)": "arcsinh",
        "write acosh(x)": "arccosh",
        "write atanh(x)": "arctanh",
        "write atan2(y, x)": "arctan2",
        "write heaviside(x), which is 1 from x = 0 on": "H step Heaviside unit_step",
        "write mod(x, y), which has the sign of y": "fmod rem remainder modulo",
        "write 2 if x > 1 else 3": "if ifelse piecewise where cond select iif Piecewise which",
        "write ceil(x)": "ceiling Ceil",
        "write abs(x)": "Abs fabs absolute norm",
        "write sign(x)": "sgn signum",
        "write 10**x": "exp10",
        "write 2**x": "exp2",
        "write floor(x), or ceil(x) below 0": "int fix trunc",
        "write floor(x + 0.5)": "round",
        "write 1 - erf(x)": "erfc",
        "write 1/(1 + exp(-x))": "sigmoid logistic expit",
        "write 1 if 2 <= t and t < 3 else 0": "pulse rect boxcar",
        "what is random is drawn for each run: [batch]": "rand random randn normal uniform",
        "delays are not supported": "delay lag delayed",
        "write only the right-hand side; observables and events have der(x)": "d D diff derivative ddt",
        "an integral is a state whose equation is what is integrated": "integral integrate",
        "what happens at an instant is an event, which sets what is changed by it": "dirac delta impulse Dirac",
        "it is a sum over how many there are: sum(j, u[j])/n": "mean avg average",
        "there is no such function here": "gamma lgamma factorial besselj erfinv zeta beta",
    },
    "name": {
        "write exp(1)": "e",
        "numbers are finite here": "inf Inf infinity Infinity nan NaN",
        "a condition compares, as in x > 0; numbers are chosen by it: 1 if x > 0 else 0": "true True false False",
        "write pi": "Pi PI",
        "write t": "time Time TIME",
    },
}


def _by_word(told: Mapping[str, str]) -> dict[str, str]:
    return {word: remedy for remedy, words in told.items() for word in words.split()}


def _places() -> Iterator[tuple[str, Mapping[str, str]]]:
    for table in {**_CALLED, **_INSTEAD}:
        called = {f"did you mean {name!r}?": words for name, words in _CALLED.get(table, {}).items()}
        yield f"[{table}]", MappingProxyType(_by_word(called) | _by_word(_INSTEAD.get(table, {})))
    for place, told in {**_VALUES, **_WRITTEN}.items():
        yield place, MappingProxyType(_by_word(told))


#: What to tell of words, by where they stand: "[solve]" a key of that table, "mode" a value of that key, "function" and
#: "name" in expressions.
ELSEWHERE: Mapping[str, Mapping[str, str]] = MappingProxyType(dict(_places()))


def told_of(place: str, word: str) -> str | None:
    """Return what to do about a word that is known elsewhere, if it is; see `ELSEWHERE`.

    The letters' case matters only where words differ by that alone.
    """
    words = ELSEWHERE.get(place, {})
    return words.get(word) or words.get(word.lower().replace("-", "_").replace(" ", "_"))
