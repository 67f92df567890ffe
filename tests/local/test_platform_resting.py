"""Environments that rest: set aside frozen while others serve, and then used first again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.local.platform_processes import eventually, is_alive, running
from tests.local.small_runtime import Runtime, http


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    directory = tmp_path_factory.mktemp("resting")
    arguments = ("--log-directory", str(directory / "logs"), "--max-environments", "3", "--idle-seconds", "600")
    with running("local.lambda_runtime", *arguments, log=directory / "runtime.log") as ready:
        yield Runtime(ready["url"], directory)


def _pid(runtime: Runtime, name: str) -> int:
    return int(runtime.invoke(name)["Payload"]["pid"])


def _resting(runtime: Runtime, name: str) -> list[tuple[int, str]]:
    return [(one["pid"], one["state"]) for one in runtime.environments(name) if one["resting"]]


def test_others_serve_while_it_rests_and_afterwards_it_is_used_first(runtime: Runtime) -> None:
    name = runtime.register("rests", timeout_seconds=20)
    first = _pid(runtime, name)
    assert runtime.rest(name, 3) == 204
    assert _resting(runtime, name) == [(first, "frozen")]

    others = [_pid(runtime, name) for _ in range(3)]

    assert len(set(others)) == 1, "one new environment, used last and so used first"
    assert first not in others
    assert _resting(runtime, name) == []
    answer = runtime.invoke(name)["Payload"]
    assert (answer["pid"], answer["invocations"]) == (first, 2), "it has slept through three invocations"
    assert _pid(runtime, name) == first


def test_one_that_is_used_rests_from_the_end_of_its_invocation_on(runtime: Runtime) -> None:
    name = runtime.register("busy-first", timeout_seconds=20)
    idle = _pid(runtime, name)
    gate = runtime.directory / "busy-gate"
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(runtime.invoke, name, {"do": "wait", "file": str(gate)})
        eventually(lambda: [one for one in runtime.environments(name) if one["state"] == "busy"])
        assert runtime.rest(name, 1) == 204
        assert _resting(runtime, name) == []
        gate.touch()
        busy = waiting.result()["Payload"]["pid"]
    assert busy == idle
    assert _resting(runtime, name) == [(busy, "frozen")]
    assert _pid(runtime, name) != busy
    assert _pid(runtime, name) == busy


def test_two_may_rest_and_the_last_one_that_may_serve_does_not(runtime: Runtime) -> None:
    name = runtime.register("crowded-rest", timeout_seconds=20)
    first = _pid(runtime, name)
    assert runtime.rest(name, 2) == 204
    second = _pid(runtime, name)
    assert runtime.rest(name, 2) == 204
    assert runtime.rest(name, 1) == 409, "at most three environments, two of which rest"
    third = _pid(runtime, name)
    assert len({first, second, third}) == 3
    assert [_pid(runtime, name) for _ in range(3)] == [first, second, second]


def test_at_the_machines_limit_invocations_wait_for_those_that_do_not_rest(runtime: Runtime) -> None:
    name = runtime.register("limited-rest", timeout_seconds=20)
    resting = _pid(runtime, name)
    assert runtime.rest(name, 8) == 204
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: runtime.invoke(name, {"do": "sleep", "seconds": 0.02}), range(8)))
    pids = {answer["Payload"]["pid"] for answer in answers}
    assert resting not in pids
    assert len(pids) <= 2
    assert _pid(runtime, name) == resting


def test_a_rest_ends_with_its_environment(runtime: Runtime) -> None:
    name = runtime.register("killed-at-rest", timeout_seconds=20)
    first = _pid(runtime, name)
    assert runtime.rest(name, 5) == 204
    (environment,) = runtime.environments(name)
    assert http.request("DELETE", f"{runtime.url}/environments/{environment['id']}").status == 204
    assert not is_alive(first)
    second = _pid(runtime, name)
    assert {_pid(runtime, name) for _ in range(5)} == {second}


def test_one_at_rest_ends_with_its_function(runtime: Runtime) -> None:
    name = runtime.register("replaced-at-rest", timeout_seconds=20)
    first = _pid(runtime, name)
    assert runtime.rest(name, 5) == 204
    runtime.register(name, timeout_seconds=20)
    assert not is_alive(first)


def test_one_at_rest_is_not_idle(tmp_path: Path) -> None:
    arguments = ("--log-directory", str(tmp_path / "logs"), "--idle-seconds", "0.2")
    with running("local.lambda_runtime", *arguments, log=tmp_path / "runtime.log") as ready:
        runtime = Runtime(ready["url"], tmp_path)
        name = runtime.register("sleeper", timeout_seconds=20)
        sleeper = _pid(runtime, name)
        assert runtime.rest(name, 1) == 204
        other = runtime.register("idle", timeout_seconds=20)
        idle = _pid(runtime, other)
        eventually(lambda: not is_alive(idle))
        assert is_alive(sleeper), "it has been frozen for longer than the other"
        _pid(runtime, name)
        eventually(lambda: not is_alive(sleeper))


@pytest.mark.parametrize("invocations", [0, -1, "many", None])
def test_a_rest_that_makes_no_sense(runtime: Runtime, invocations: object) -> None:
    assert runtime.rest(runtime.register("senseless"), invocations) == 400
    assert runtime.rest("no-such-function", invocations) == 404
