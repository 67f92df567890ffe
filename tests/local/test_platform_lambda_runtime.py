"""Lambda's Invoke API over real execution environments."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.local.platform_processes import eventually, function_arn, is_alive, running
from tests.local.small_runtime import Runtime, http


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    directory = tmp_path_factory.mktemp("lambda")
    arguments = ("--log-directory", str(directory / "logs"), "--max-environments", "3", "--idle-seconds", "600")
    retries = ("--async-retry-seconds", "0.01", "0.01")
    with running("local.lambda_runtime", *arguments, *retries, log=directory / "runtime.log") as ready:
        yield Runtime(ready["url"], directory)


def test_a_handler_gets_its_event_context_and_variables(runtime: Runtime) -> None:
    name = runtime.register("contextual", environment={"GREETING": "hello"}, timeout_seconds=20, memory_mb=512)

    answer = runtime.invoke(name)

    result = answer["Payload"]
    assert "FunctionError" not in answer
    assert (result["name"], result["arn"]) == (name, function_arn(name))
    assert 0 < result["remainingMs"] <= 20_000
    environment = result["environment"]
    assert environment["GREETING"] == "hello"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert "HOME" not in environment, "nothing of this process's environment gets in"


def test_a_function_is_found_by_its_arn(runtime: Runtime) -> None:
    name = runtime.register("by-arn", timeout_seconds=20)
    assert runtime.invoke(function_arn(name))["Payload"]["name"] == name


def test_layers_come_after_the_interpreters_own_packages(runtime: Runtime) -> None:
    layer = runtime.directory / "layer"
    (layer / "python" / "only_in_layer").mkdir(parents=True)
    (layer / "python" / "only_in_layer" / "__init__.py").touch()
    (layer / "python" / "boto3").mkdir()
    (layer / "python" / "boto3" / "__init__.py").write_text("raise ImportError('built for another machine')")
    source = "import boto3, only_in_layer\ndef lambda_handler(event, context): return boto3.__name__"
    name = runtime.register("layered", source, layer_directories=[str(layer)], timeout_seconds=20)

    assert runtime.invoke(name)["Payload"] == "boto3"


def test_an_environment_is_frozen_between_invocations(runtime: Runtime) -> None:
    name = runtime.register("frozen", timeout_seconds=20)
    first = runtime.invoke(name, {"do": "sleep", "seconds": 0.05})["Payload"]
    environment = eventually(lambda: [one for one in runtime.environments(name) if one["state"] == "frozen"])[0]
    stat = Path(f"/proc/{environment['pid']}/stat")
    eventually(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")  # stopped

    # Another function runs 100 times longer than a tick meanwhile.
    runtime.invoke(runtime.register("other", timeout_seconds=20), {"do": "sleep", "seconds": 0.3})
    second = runtime.invoke(name)["Payload"]

    assert second["pid"] == first["pid"]
    assert second["invocations"] == 2
    assert second["ticks"] - first["ticks"] < 60, "a thread that ticks every 0.5 ms stood still for 300 ms"
    assert runtime.invoke(name, {"do": "sleep", "seconds": 0.2})["Payload"]["ticks"] > second["ticks"] + 20


def test_the_environment_used_last_is_used_first(runtime: Runtime) -> None:
    name = runtime.register("lifo", timeout_seconds=20)
    gate = runtime.directory / "lifo-gate"
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(runtime.invoke, name, {"do": "wait", "file": str(gate)})
        eventually(lambda: [one for one in runtime.environments(name) if one["state"] == "busy"])
        second_pid = runtime.invoke(name)["Payload"]["pid"]
        gate.touch()
        first_pid = waiting.result()["Payload"]["pid"]

    assert first_pid != second_pid, "a cold start while the first was busy"
    assert {runtime.invoke(name)["Payload"]["pid"] for _ in range(4)} == {first_pid}


def test_an_error_of_the_handler(runtime: Runtime) -> None:
    name = runtime.register("raising", timeout_seconds=20)
    answer = runtime.invoke(name, {"do": "raise"})
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "ValueError"
    assert answer["Payload"]["errorMessage"] == "no good"
    assert runtime.invoke(name)["Payload"]["invocations"] == 2, "the environment goes on"


def test_a_timeout_kills_the_environment(runtime: Runtime) -> None:
    name = runtime.register("slow", timeout_seconds=0.5)
    pid = runtime.invoke(name)["Payload"]["pid"]

    answer = runtime.invoke(name, {"do": "sleep", "seconds": 60})

    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Sandbox.Timedout"
    assert answer["Payload"]["errorMessage"].endswith("Error: Task timed out after 0.50 seconds")
    assert not is_alive(pid)
    assert runtime.invoke(name)["Payload"]["invocations"] == 1, "a cold start"


def test_a_crash_of_the_process(runtime: Runtime) -> None:
    name = runtime.register("crashing", timeout_seconds=20)
    answer = runtime.invoke(name, {"do": "exit", "status": 3})
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.ExitError"
    assert answer["Payload"]["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")


def test_an_environment_can_be_killed_during_an_invocation(runtime: Runtime) -> None:
    name = runtime.register("killed", timeout_seconds=20)
    with ThreadPoolExecutor() as threads:
        invocation = threads.submit(runtime.invoke, name, {"do": "sleep", "seconds": 15})
        busy = eventually(lambda: [one for one in runtime.environments(name) if one["state"] == "busy"])[0]
        assert http.request("DELETE", f"{runtime.url}/environments/{busy['id']}").status == 204
        answer = invocation.result()

    assert answer["Payload"]["errorType"] == "Runtime.ExitError"
    assert answer["Payload"]["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert runtime.environments(name) == []


def test_a_module_that_cannot_be_loaded(runtime: Runtime) -> None:
    name = runtime.register("unloadable", "import there_is_no_such_module", timeout_seconds=20)
    answer = runtime.invoke(name)
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.ImportModuleError"
    assert "there_is_no_such_module" in answer["Payload"]["errorMessage"]
    assert runtime.environments(name) == []


def test_reserved_concurrency_refuses_what_is_too_much(runtime: Runtime) -> None:
    name = runtime.register("reserved", timeout_seconds=20, reserved_concurrency=1)
    gate = runtime.directory / "reserved-gate"
    with ThreadPoolExecutor() as threads:
        first = threads.submit(runtime.invoke, name, {"do": "wait", "file": str(gate)})
        eventually(lambda: [one for one in runtime.environments(name) if one["state"] == "busy"])
        with pytest.raises(ClientError) as refusal:
            runtime.invoke(name)
        gate.touch()
        first.result()

    assert refusal.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert runtime.invoke(name)["StatusCode"] == 200


def test_beyond_the_machines_limit_invocations_wait(runtime: Runtime) -> None:
    name = runtime.register("crowded", timeout_seconds=20)
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: runtime.invoke(name, {"do": "sleep", "seconds": 0.02}), range(10)))
    assert len({answer["Payload"]["requestId"] for answer in answers}) == 10
    assert len({answer["Payload"]["pid"] for answer in answers}) <= 3


def test_an_asynchronous_invocation_is_tried_three_times(runtime: Runtime) -> None:
    name = runtime.register("later", timeout_seconds=20)
    answer = runtime.invoke(name, {"do": "raise"}, InvocationType="Event")
    assert answer["StatusCode"] == 202
    assert answer["Payload"] is None
    eventually(lambda: runtime.log(name).count("REPORT RequestId") == 3)


def test_what_a_function_prints_is_in_its_log(runtime: Runtime) -> None:
    name = runtime.register("talkative", timeout_seconds=20)
    request_id = runtime.invoke(name, {"do": "print", "text": "a line"})["Payload"]["requestId"]
    lines = runtime.log(name).splitlines()
    assert lines[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert "a line" in lines
    assert lines[-1].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert "Init Duration" in lines[-1], "the first invocation of an environment was a cold start"


def test_an_environment_can_be_started_ahead(runtime: Runtime) -> None:
    name = runtime.register("prewarmed", timeout_seconds=20)
    assert http.request("POST", f"{runtime.url}/functions/{name}/environments").status == 201
    (environment,) = runtime.environments(name)
    assert (environment["state"], environment["invocations"]) == ("frozen", 0)
    assert runtime.invoke(name)["Payload"]["pid"] == environment["pid"]


def test_registering_again_ends_the_former_environments(runtime: Runtime) -> None:
    name = runtime.register("updated", timeout_seconds=20)
    pid = runtime.invoke(name)["Payload"]["pid"]
    runtime.register("updated", timeout_seconds=20, environment={"GREETING": "again"})
    assert not is_alive(pid)
    assert runtime.invoke(name)["Payload"]["environment"]["GREETING"] == "again"


@pytest.mark.parametrize(
    ("function", "event_bytes", "code"),
    [("no-such-function", 2, "ResourceNotFoundException"), ("sized", 6 * 1024 * 1024, "RequestTooLargeException")],
)
def test_refused_invocations(runtime: Runtime, function: str, event_bytes: int, code: str) -> None:
    runtime.register("sized", timeout_seconds=20)
    with pytest.raises(ClientError) as refusal:
        runtime.invoke(function, "x" * event_bytes)
    assert refusal.value.response["Error"]["Code"] == code


def test_an_answer_that_is_too_large(runtime: Runtime) -> None:
    name = runtime.register("verbose", timeout_seconds=20)
    answer = runtime.invoke(name, {"do": "large", "bytes": 6 * 1024 * 1024})
    assert answer["Payload"]["errorType"] == "Function.ResponseSizeTooLarge"


def test_idle_environments_end(tmp_path: Path) -> None:
    arguments = ("--log-directory", str(tmp_path / "logs"), "--idle-seconds", "0.2")
    with running("local.lambda_runtime", *arguments, log=tmp_path / "runtime.log") as ready:
        runtime = Runtime(ready["url"], tmp_path)
        pid = runtime.invoke(runtime.register("idle", timeout_seconds=20))["Payload"]["pid"]
        eventually(lambda: not is_alive(pid))


def test_no_environment_outlives_the_runtime(tmp_path: Path) -> None:
    pids = []
    with running("local.lambda_runtime", "--log-directory", str(tmp_path / "logs"), log=tmp_path / "log") as ready:
        runtime = Runtime(ready["url"], tmp_path)
        pids.append(runtime.invoke(runtime.register("frozen", timeout_seconds=20))["Payload"]["pid"])
        busy = runtime.register("busy", timeout_seconds=20)
        threading.Thread(
            target=lambda: http.request(
                "POST",
                f"{ready['url']}/2015-03-31/functions/{busy}/invocations",
                body=b'{"do": "sleep", "seconds": 15}',
                retries=False,
            ),
            daemon=True,
        ).start()
        pids.append(eventually(lambda: [one for one in runtime.environments(busy) if one["state"] == "busy"])[0]["pid"])
    assert [is_alive(pid) for pid in pids] == [False, False]
