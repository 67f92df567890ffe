"""The whole system with the functions as they are uploaded: their packages, Lambda's runtime client, nothing else."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from local.engines.tone_alphabet import WORDS, tone_speech
from local.stack import Engine, Stack, StackOptions
from scripts.build_layers import LayerPlatform
from scripts.function_packages.packages import HANDLERS, build_packages, read_packages
from tests.system.conftest import System

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

SENTENCES = [WORDS[:6], WORDS[6:12], WORDS[12:15]]


@pytest.fixture(scope="module")
def packaged_assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stage whose layers are built for this machine, from the sources as they are now."""
    return build_packages(LayerPlatform.of_this_machine(), tmp_path_factory.mktemp("packages") / "assembly")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def packaged(packaged_assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    directory = tmp_path_factory.mktemp("packaged")
    options = StackOptions(
        state_dir=directory / "state", assembly_dir=packaged_assembly, packaged=True, engine=Engine.TONES
    )
    async with Stack(options) as stack:
        yield System(stack, directory / "clips")


async def test_every_word_is_heard_from_the_packages_alone(packaged: System, packaged_assembly: Path) -> None:
    session_id = await packaged.create_session("es", "fr")
    heard = await packaged.broadcast(session_id, tone_speech(SENTENCES), ["es", "fr"])
    for each in heard:
        assert each.words == [word for sentence in SENTENCES for word in sentence]
        assert [segment.number for segment in each.record.segments] == list(range(len(each.record.segments)))

    async with aiohttp.ClientSession() as http, http.get(f"{packaged.stack.lambda_url}/environments") as response:
        environments = [each for each in await response.json() if each["state"] != "starting"]
    assert {each["function"] for each in environments} == set(HANDLERS)
    packages = read_packages(packaged_assembly)
    for each in environments:
        loaded = await asyncio.to_thread(loaded_binaries, each["pid"])
        for layer in packages[each["function"]].layers:
            from_layer = {path for path in loaded if path.is_relative_to(layer.directory)}
            assert from_layer, f"{each['function']} uses {layer.name}"
            loaded -= from_layer
        assert not {path for path in loaded if "site-packages" in path.parts}


def loaded_binaries(pid: int) -> set[Path]:
    """The shared objects that a process has mapped."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {Path(os.path.realpath(line.split()[-1])) for line in lines if ".so" in line.split()[-1]}
