from pathlib import Path

import pytest

from infrastructure.app import add_stage, new_app
from infrastructure.layers import CODE_ALONE
from infrastructure.settings import DEV, PROD, StageSettings
from tests.infrastructure.templates import SynthesizedStage


def _synthesize(settings: StageSettings, directory: Path) -> SynthesizedStage:
    app = new_app(output_directory=directory)
    add_stage(app, settings, layers=CODE_ALONE)
    app.synth()
    return SynthesizedStage(directory)


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedStage:
    return _synthesize(DEV, tmp_path_factory.mktemp("dev"))


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedStage:
    return _synthesize(PROD, tmp_path_factory.mktemp("prod"))


@pytest.fixture(params=["dev", "prod"])
def stage(request: pytest.FixtureRequest) -> SynthesizedStage:
    synthesized: SynthesizedStage = request.getfixturevalue(request.param)
    return synthesized
