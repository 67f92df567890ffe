"""Supervised processes: ready, crashed, silent, ended; and nothing outlives whoever started it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.process import SUPERVISOR_PID_VARIABLE
from local.supervision import PROJECT_ROOT, Child, Command, ProcessFailedError
from tests.local.platform_processes import eventually, is_alive

_TREE = """
import os, subprocess, sys
from pathlib import Path
from local.process import announce_ready, end_with_parent

end_with_parent()
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
announce_ready({"pid": os.getpid(), "grandchild": grandchild.pid})
print("and goes on", flush=True)
sys.stderr.write("complains\\n")
sys.stderr.flush()
grandchild.wait()
"""

_SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from local.supervision import Child, Command

async def main():
    child = await Child.start(Command(name="child", module="child_module"), log_directory=Path(sys.argv[1]))
    print(child.pid, child.ready["grandchild"], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def module_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test puts modules for its processes."""
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{PROJECT_ROOT}")
    return tmp_path


async def _start(directory: Path, source: str, *, ready_within_seconds: float = 20) -> Child:
    (directory / "child_module.py").write_text(source)
    command = Command(name="child", module="child_module", ready_within_seconds=ready_within_seconds)
    return await Child.start(command, log_directory=directory)


async def test_a_child_tells_its_facts_and_its_output_is_logged(module_path: Path) -> None:
    child = await _start(module_path, _TREE)
    assert child.ready["pid"] == child.pid
    log = module_path / "child.log"
    eventually(lambda: "complains" in log.read_text())
    await child.stop()
    assert "and goes on" in log.read_text()
    assert "READY" not in log.read_text()


async def test_stopping_a_child_ends_what_it_started(module_path: Path) -> None:
    child = await _start(module_path, _TREE)
    await child.stop()
    assert not is_alive(child.pid)
    eventually(lambda: not is_alive(child.ready["grandchild"]))


async def test_a_child_that_ignores_sigterm_is_killed(module_path: Path) -> None:
    source = """
import signal, time
from local.process import announce_ready
signal.signal(signal.SIGTERM, signal.SIG_IGN)
announce_ready({})
time.sleep(600)
"""
    child = await _start(module_path, source)
    await child.stop(grace_seconds=0.1)
    assert not is_alive(child.pid)


async def test_a_stopped_child_is_killed_too(module_path: Path) -> None:
    child = await _start(module_path, _TREE)
    os.kill(child.pid, signal.SIGSTOP)
    await child.stop(grace_seconds=0.1)
    assert not is_alive(child.pid)


async def test_a_child_that_cannot_start_is_named_with_its_complaint(module_path: Path) -> None:
    with pytest.raises(ProcessFailedError, match="child ended with status 7 before it was ready") as failure:
        await _start(module_path, "import sys\nsys.stderr.write('port in use\\n')\nsys.exit(7)")
    assert failure.value.name == "child"
    assert failure.value.process_status == 7
    assert failure.value.log_tail == "port in use"


async def test_a_child_that_is_not_ready_in_time_is_ended(module_path: Path) -> None:
    source = (
        f"import os, pathlib, time\npathlib.Path('{module_path}/pid').write_text(str(os.getpid()))\ntime.sleep(600)"
    )
    with pytest.raises(ProcessFailedError, match=r"was not ready within 0\.5 s"):
        await _start(module_path, source, ready_within_seconds=0.5)
    assert not (module_path / "pid").exists() or not is_alive(int((module_path / "pid").read_text()))


async def test_an_unexpected_end_is_an_error_with_the_end_of_the_log(module_path: Path) -> None:
    source = "import sys\nfrom local.process import announce_ready\nannounce_ready({})\nsys.exit('no more memory')"
    child = await _start(module_path, source)
    with pytest.raises(ProcessFailedError, match="ended unexpectedly with status 1") as failure:
        await child.fail_when_ended()
    assert "no more memory" in failure.value.log_tail
    await child.stop()


def test_children_end_when_their_supervisor_is_killed(module_path: Path) -> None:
    (module_path / "child_module.py").write_text(_TREE)
    supervisor = subprocess.Popen(
        [sys.executable, "-c", _SUPERVISOR, str(module_path)], stdout=subprocess.PIPE, cwd=PROJECT_ROOT
    )
    assert supervisor.stdout is not None
    child_pid, grandchild_pid = (int(pid) for pid in supervisor.stdout.readline().split())
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    eventually(lambda: not is_alive(child_pid))
    os.kill(grandchild_pid, signal.SIGKILL)  # it takes no part, and SIGTERM ended its parent without asking


def test_a_process_whose_supervisor_is_gone_already_ends_at_once(module_path: Path) -> None:
    (module_path / "late.py").write_text("from local.process import end_with_parent\nend_with_parent()\nprint('alive')")
    result = subprocess.run(
        [sys.executable, "-m", "late"],
        env={**os.environ, SUPERVISOR_PID_VARIABLE: "1"},
        capture_output=True,
        check=False,
        cwd=PROJECT_ROOT,
    )
    assert result.returncode == -signal.SIGTERM
    assert result.stdout == b""
