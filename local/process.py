"""What every process of the local stack does: say that it is ready, and end when it should.

Standard library only and cheap to import: the process of a Lambda execution environment imports it too.
"""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Final

READY_PREFIX: Final = "READY "
SUPERVISOR_PID_VARIABLE: Final = "LOCAL_SUPERVISOR_PID"
"""Set by whoever starts a process, so that a parent's death before `end_with_parent` is noticed as well."""

_PR_SET_PDEATHSIG: Final = 1  # Source: linux/prctl.h


def announce_ready(facts: Mapping[str, object]) -> None:
    """Print the one line on standard output that says this process serves, with its addresses as JSON."""
    sys.stdout.write(f"{READY_PREFIX}{json.dumps(facts)}\n")
    sys.stdout.flush()


def end_with_parent(death_signal: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send this process a signal when its parent dies, however the parent dies (Linux).

    To be called first, on the main thread. The signal comes when the parent's *thread* that started this process
    ends. Not inherited by processes started from here. SIGTERM lets the process clean up; a process that may be
    stopped at that moment needs SIGKILL, since a stopped process takes no other signal.
    """
    supervisor_pid = int(os.environ.pop(SUPERVISOR_PID_VARIABLE, os.getppid()))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != supervisor_pid:
        os.kill(os.getpid(), death_signal)


async def until_terminated() -> None:
    """Return when SIGTERM or SIGINT arrives; to be awaited on the main thread's loop."""
    import asyncio  # half of the time that importing this module may take

    terminated = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, terminated.set)
    try:
        await terminated.wait()
    finally:
        # Once it has come, a second signal does not disturb the end that the first one began.
        if not terminated.is_set():
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
