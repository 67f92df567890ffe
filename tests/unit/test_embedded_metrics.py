"""What `EmfMeter` writes is what CloudWatch reads: one namespace, the dimensions, at most 100 values of a metric."""

import json
from typing import Any

import pytest

from babelcast.domain.languages import LanguageCode
from babelcast.observability import EmfMeter, InvocationFailedError, meter, observed


@pytest.fixture(autouse=True)
def function_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Babelcast/test")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "audio_processor")


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_invocation_writes_one_line_in_the_namespace_of_its_stage(capsys: pytest.CaptureFixture[str]) -> None:
    meter = EmfMeter()
    meter.count("SegmentsCommitted", 2)
    meter.count("SegmentsCommitted")
    meter.duration_ms("TTSLatency", 12.5)
    meter.duration_ms("TTSLatency", 7)
    meter.flush()

    (line,) = written(capsys)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Babelcast/test"
    assert directive["Dimensions"] == [["service"]]
    assert {each["Name"]: each["Unit"] for each in directive["Metrics"]} == {
        "SegmentsCommitted": "Count",
        "TTSLatency": "Milliseconds",
    }
    assert (line["service"], line["SegmentsCommitted"], line["TTSLatency"]) == ("audio_processor", [3], [12.5, 7])


def test_nothing_measured_is_nothing_written(capsys: pytest.CaptureFixture[str]) -> None:
    meter = EmfMeter()
    meter.count("SegmentsCommitted")
    meter.flush()
    meter.flush()

    assert len(written(capsys)) == 1


def test_a_language_is_counted_in_the_total_and_on_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    meter = EmfMeter()
    meter.count("TranslationFailures", language=LanguageCode("fr"))
    meter.count("TranslationFailures", language=LanguageCode("pt-BR"))
    meter.count("TranslationFailures", 0)
    meter.flush()

    total, *languages = written(capsys)
    assert total["TranslationFailures"] == [2]
    assert "language" not in total
    assert [(each["language"], each["TranslationFailures"]) for each in languages] == [("fr", [1]), ("pt-BR", [1])]
    for each in languages:
        (directive,) = each["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "Babelcast/test"
        assert [set(dimensions) for dimensions in directive["Dimensions"]] == [{"service", "language"}]


def test_many_values_are_spread_over_lines(capsys: pytest.CaptureFixture[str]) -> None:
    meter = EmfMeter()
    for value in range(250):
        meter.duration_ms("TTSLatency", value)
    meter.flush()

    lines = written(capsys)
    assert max(len(each["TTSLatency"]) for each in lines) <= 100
    assert sorted(value for each in lines for value in each["TTSLatency"]) == list(range(250))


def test_the_metrics_of_a_failed_invocation_are_written_too(capsys: pytest.CaptureFixture[str]) -> None:
    @observed
    def handler(_event: dict[str, Any], _context: Any) -> None:
        meter.count("BadRecords")
        raise ValueError("some speech")

    with pytest.raises(InvocationFailedError):
        handler({}, None)

    out = capsys.readouterr().out
    assert '"BadRecords":[1.0]' in out
    assert "some speech" not in out
