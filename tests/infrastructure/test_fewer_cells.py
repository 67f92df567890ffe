"""Cells are taken away in two deployments, neither of which CloudFormation refuses."""

import json
import re
from dataclasses import replace

import pytest

from infrastructure.app import add_stage, new_app
from infrastructure.layers import CODE_ALONE
from infrastructure.settings import PROD, StageSettings
from tests.infrastructure.templates import SynthesizedStage

pytestmark = pytest.mark.slow

DATA = "BabelcastProdData"


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SynthesizedStage]:
    """Two cells, one of them retired, one."""

    def synthesized(settings: StageSettings) -> SynthesizedStage:
        directory = tmp_path_factory.mktemp("cells")
        app = new_app(output_directory=directory)
        add_stage(app, settings, layers=CODE_ALONE)
        app.synth()
        return SynthesizedStage(directory)

    def cells(count: int, retired: int) -> StageSettings:
        return replace(PROD, cells=replace(PROD.cells, count=count, retired=retired))

    return {"two": synthesized(cells(2, 0)), "retired": synthesized(cells(1, 1)), "one": synthesized(cells(1, 0))}


def _exports(stage: SynthesizedStage) -> set[str]:
    outputs = stage.templates[DATA]["Outputs"].values()
    return {output["Export"]["Name"] for output in outputs if "Export" in output}


def _imports(stage: SynthesizedStage) -> set[str]:
    others = [template for name, template in stage.templates.items() if name != DATA]
    return set(re.findall(rf'"Fn::ImportValue": "({DATA}:[^"]+)"', json.dumps(others)))


@pytest.mark.parametrize(("before", "after"), [("two", "retired"), ("retired", "one")])
def test_each_step_takes_away_only_what_nobody_names(
    before: str, after: str, steps: dict[str, SynthesizedStage]
) -> None:
    # The data stack is deployed first, while the others are as they were.
    assert _imports(steps[before]) <= _exports(steps[after])


def test_in_one_step_it_would_be_refused(steps: dict[str, SynthesizedStage]) -> None:
    assert not _imports(steps["two"]) <= _exports(steps["one"])


def test_a_retired_cell_is_a_stream_and_nothing_else(steps: dict[str, SynthesizedStage]) -> None:
    retired, one = steps["retired"], steps["one"]

    assert len(retired.of_type("Kinesis::Stream")) == 2
    assert {name: each for name, each in retired.templates.items() if name != DATA} == {
        name: each for name, each in one.templates.items() if name != DATA
    }
