"""A bench for the board's tests: writes what it is told, says so and exits as it is told.

``python -m tests.bench_child STATUS [FILE JSON]``
"""

import sys
from pathlib import Path

status, *written = sys.argv[1:]
if written:
    Path(written[0]).write_text(written[1])
sys.stdout.write(f"exits with {status}\n")
sys.exit(int(status))
