"""Lambda on one machine: its Invoke API over execution environments that are real processes.

Each environment is one process running AWS's own runtime client against a local Runtime API. It is stopped between
invocations and continued for the next, killed when an invocation takes too long, and started when none is free.

Known differences from AWS: the memory limit is not enforced; initialization has a limit of its own instead of 10 s and
then the function's; beyond `max_environments` per function an invocation waits for a free environment instead of
getting a new one (`--max-environments`), because the machine is one machine; a sync answer is handed out once the
environment is free again. Asynchronous invocations are tried three times, with shorter pauses.
"""
