"""Run a command and write its seconds and its peak memory to a file: `python child.py FILE COMMAND ...`.

A program of its own because a child's peak begins with that of the process that starts it, which has to be small.
"""

import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Run the command that the arguments give."""
    report, *command = sys.argv[1:]
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    found = {"wall_s": seconds, "peak_MiB": usage.ru_maxrss / 1024, "code": os.waitstatus_to_exitcode(status)}
    Path(report).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
