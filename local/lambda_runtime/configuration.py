"""What the runtime needs to know of a function, as it is registered over the control API."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionConfiguration:
    """A function to run.

    Attributes:
        name: Its name in the Invoke API.
        arn: Its ARN, passed to the handler.
        handler: `package.module.function`.
        code_directory: What Lambda unpacks as /var/task; the working directory.
        layer_directories: Each with a `python/` directory. They come *after* the interpreter's own packages on the
            path, because the wheels in a layer are built for Lambda's processor and Python; unless functions
            are to have nothing else (`RuntimeSettings.runtime_directory`).
        environment: The function's variables; they win over the runtime's own.
        timeout_seconds: An invocation that takes longer is killed with its environment.
        memory_mb: Told to the function, not enforced.
        reserved_concurrency: More invocations at once are refused; None for no limit.
    """

    name: str
    arn: str
    handler: str
    code_directory: str
    layer_directories: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    timeout_seconds: float = 3.0
    memory_mb: int = 128
    reserved_concurrency: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSettings:
    """How this machine runs functions.

    Attributes:
        runtime_directory: Functions have their code, their layers and this directory, which holds Lambda's runtime
            client, and nothing else of this machine's, as on Lambda. None: they have this interpreter's packages.
        log_directory: Gets one file per function with what it prints and Lambda's own START, END and REPORT lines.
        region: AWS_REGION of the functions.
        max_environments: Environments per function; more invocations wait for a free one.
        idle_seconds: A frozen environment that nobody needs for so long is ended.
        init_seconds: How long loading the handler's module may take.
        async_retry_seconds: Pauses before the second and third try of an asynchronous invocation. AWS: 60 and 120.
    """

    log_directory: str
    runtime_directory: str | None = None
    region: str = "us-east-1"
    max_environments: int = 8
    idle_seconds: float = 300.0
    init_seconds: float = 60.0
    async_retry_seconds: tuple[float, float] = (1.0, 2.0)
