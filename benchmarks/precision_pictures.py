"""Pictures and tables of work and precision: who reaches how many digits, and at what price."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import honesty
from benchmarks.honesty import METHODS
from benchmarks.precision import RTOLS, Entry, read_cases
from solvers.tableaus import find
from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau
from solvers.tableaus.fully_implicit import FullyImplicitTableau
from solvers.tableaus.rosenbrock import RosenbrockTableau

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Errors at which methods are compared.
DIGITS = (3, 5, 7, 9)
#: Within this factor of the fastest a method does not lose.
NEAR = 2.0
_FAMILIES: Mapping[type, str] = {
    RosenbrockTableau: "Rosenbrock",
    DiagonallyImplicitTableau: "diagonally implicit",
    FullyImplicitTableau: "fully implicit",
}
_COLOURS = {
    "explicit": "tab:blue",
    "Rosenbrock": "tab:green",
    "diagonally implicit": "tab:orange",
    "fully implicit": "tab:purple",
}
#: How methods that are fastest somewhere differ within a family.
_MARKERS = "osD^vP*X<>ph"


def draw(entries: Sequence[Entry], folder: Path) -> str:
    """Draw `precision_CASE.png` for each case; return tables of the fastest and of those that never are near them."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in dict.fromkeys(entry.case for entry in entries):
        there = [entry for entry in entries if entry.case == case]
        _draw_case(case, there, folder / f"precision_{case}.png")
    never = f"Never within {NEAR:g} times of the fastest: {', '.join(losers(entries))}"
    return f"{fastest_table(entries)}\n\n{honesty_table(entries)}\n\n{never}"


def family(method: str) -> str:
    """Return the family of a method."""
    tableau = find(method)
    for kind, name in _FAMILIES.items():
        if isinstance(tableau, kind):
            return name
    return "explicit"


def price(entries: Iterable[Entry], digits: int) -> dict[str, float]:
    """Return the least seconds in which each method has so many digits, where it has."""
    found: dict[str, float] = {}
    for entry in entries:
        if entry.error is not None and entry.error <= 10.0**-digits:
            found[entry.method] = min(entry.seconds, found.get(entry.method, entry.seconds))
    return found


def fastest_table(entries: Sequence[Entry]) -> str:
    """Return a Markdown table of the fastest methods: a row a case and target, a column a number of digits."""
    lines = [f"| case | target | {' | '.join(f'{d} digits' for d in DIGITS)} |", f"|---|---|{'---|' * len(DIGITS)}"]
    for (case, target), there in _groups(entries).items():
        cells = []
        for digits in DIGITS:
            prices = price(there, digits)
            best = min(prices, key=prices.__getitem__, default=None)
            cells.append(f"`{best}` {_short(prices[best])}" if best else "none")
        lines.append(f"| {read_cases()[case]['title']} | {target} | {' | '.join(cells)} |")
    return "\n".join(lines)


def honesty_table(entries: Sequence[Entry]) -> str:
    """Return a Markdown table: the largest error over rtol, a row a method, a column a case."""
    cases = list(dict.fromkeys(entry.case for entry in entries))
    worst: dict[tuple[str, str], float] = {}
    for entry in entries:
        if entry.error is not None:
            place = entry.method, entry.case
            worst[place] = max(entry.error / entry.rtol, worst.get(place, 0.0))
    lines = [f"| method | {' | '.join(cases)} |", f"|---|{'---|' * len(cases)}"]
    for method in (method for method in METHODS if any(method == entry.method for entry in entries)):
        cells = (honesty.digits(worst[method, case]) if (method, case) in worst else "" for case in cases)
        lines.append(f"| `{method}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def losers(entries: Sequence[Entry]) -> list[str]:
    """Return the methods that are near the fastest for no case, target and number of digits."""
    near: set[str] = set()
    for there in _groups(entries).values():
        for digits in DIGITS:
            prices = price(there, digits)
            near |= {method for method, seconds in prices.items() if seconds <= NEAR * min(prices.values())}
    return [method for method in dict.fromkeys(entry.method for entry in entries) if method not in near]


def _groups(entries: Sequence[Entry]) -> dict[tuple[str, str], list[Entry]]:
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.case, entry.target), []).append(entry)
    return groups


def _short(seconds: float) -> str:
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def _draw_case(case: str, entries: Sequence[Entry], path: Path) -> None:
    from matplotlib import pyplot as plt  # noqa: PLC0415 - to measure takes none

    targets = list(dict.fromkeys(entry.target for entry in entries))
    figure, axes = plt.subplots(1, 2 + len(targets), figsize=(4.2 * (2 + len(targets)), 4.2), sharey=True)
    named = _named(entries)
    for target, panel in zip(targets, axes[2:], strict=True):
        there = [entry for entry in entries if entry.target == target]
        _draw_lines(panel, there, named, "seconds", f"seconds a run, {_device(target)}")
    first = [entry for entry in entries if entry.target == targets[0]]
    _draw_lines(axes[0], first, named, "rtol", "rtol")
    _draw_lines(axes[1], first, named, "attempts", "attempted steps")
    axes[0].plot(RTOLS, RTOLS, color="black", linewidth=1)
    axes[0].plot(RTOLS, [10 * rtol for rtol in RTOLS], color="black", linewidth=1, linestyle=":")
    axes[0].set_ylabel("error at the end, relative")
    axes[0].set_ylim(1e-13, 10.0)
    figure.suptitle(read_cases()[case]["title"])
    for each in dict.fromkeys(family(entry.method) for entry in entries):
        axes[0].plot([], [], color=_COLOURS[each], linewidth=0.7, label=f"({each})")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", fontsize="small")
    figure.set_layout_engine("constrained")
    figure.savefig(path, dpi=80)
    plt.close(figure)


def _device(target: str) -> str:
    return {"cpu": "a core", "cuda": "a GPU"}[target]


def _named(entries: Sequence[Entry]) -> Mapping[str, str]:
    """Return a marker for each method that is fastest at some number of digits."""
    best: dict[str, None] = {}
    for there in _groups(entries).values():
        for digits in range(2, 11):
            prices = price(there, digits)
            if prices:
                best[min(prices, key=prices.__getitem__)] = None
    return dict(zip(best, _MARKERS, strict=False))


def _draw_lines(panel: "Axes", entries: Sequence[Entry], named: Mapping[str, str], what: str, label: str) -> None:
    methods: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.error:
            methods.setdefault(entry.method, []).append(entry)
    for method, there in sorted(methods.items(), key=lambda each: each[0] in named):
        style: dict[str, Any] = {"color": _COLOURS[family(method)], "linewidth": 0.7, "alpha": 0.5}
        if method in named:
            style |= {"marker": named[method], "markersize": 5, "linewidth": 1.4, "alpha": 1.0, "label": method}
        panel.plot([getattr(entry, what) for entry in there], [entry.error for entry in there], **style)
    panel.set(xscale="log", yscale="log", xlabel=label)
    panel.grid(visible=True, which="major", alpha=0.3)
