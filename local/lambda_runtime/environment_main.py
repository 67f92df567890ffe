"""The process of one execution environment: ends with the runtime, puts layers on the path, runs `awslambdaric`.

Run as a script: `environment_main.py PROJECT_ROOT HANDLER [LAYER_DIRECTORY …]`. An isolated interpreter (`-I -S`) gets
Lambda's own path: the function's code, its layers, the runtime client, and nothing that is installed here.
"""

import os
import signal
import sys


def main(project_root: str, handler: str, *layer_directories: str) -> None:
    """Never returns: serves invocations until the process is ended."""
    sys.path.append(project_root)
    from local.process import end_with_parent  # found only with the path above

    sys.path.remove(project_root)
    end_with_parent(signal.SIGKILL)  # a frozen process would take no other signal
    layers = [f"{directory}/python" for directory in layer_directories]
    if sys.flags.isolated:
        sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], *layers, os.environ["LAMBDA_RUNTIME_DIR"]]
    else:
        sys.path.extend(layers)

    from awslambdaric.__main__ import main as run_runtime_client  # after the path is set

    run_runtime_client(["awslambdaric", handler])


if __name__ == "__main__":
    main(*sys.argv[1:])
