"""How much work a function does, counted in calls: a clock would count what else the machine does too."""

import cProfile
from collections.abc import Callable
from typing import Any

from sympy.core.cache import clear_cache


def calls(function: Callable[..., Any], *arguments: Any) -> int:
    """Return how many functions, Python's own included, a call makes; nothing is cached by SymPy before it."""
    clear_cache()
    profile = cProfile.Profile()
    profile.enable()
    try:
        function(*arguments)
    finally:
        profile.disable()
    return sum(entry.callcount for entry in profile.getstats())
