"""The command line of cubie: configuration, batches, files and reports."""

import time

#: When the program began.
STARTED = time.monotonic()
