"""What a function measured of itself: CloudWatch metrics and reports, read from its log."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_REPORT: Final = re.compile(r"^REPORT RequestId: \S+\tDuration: ([\d.]+) ms", re.MULTILINE)
_METRICS: Final = re.compile(r"^\{.*\"_aws\".*\}$", re.MULTILINE)


@dataclass(slots=True, kw_only=True)
class FunctionMetrics:
    """One function's metrics.

    Attributes:
        invocations_ms: How long each took.
        durations_ms: By metric, in the order in which they were measured.
        counts: By metric.
    """

    invocations_ms: list[float] = field(default_factory=list)
    durations_ms: dict[str, list[float]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


def read_metrics(logs_dir: Path, function: str) -> FunctionMetrics:
    """The metrics of every function whose name begins so; all of them only once the stack has stopped.

    Args:
        logs_dir: The stack's.
        function: Such as ``audio_processor``.
    """
    metrics = FunctionMetrics()
    for path in sorted((logs_dir / "functions").glob(f"{function}*.log")):
        log = path.read_text()
        metrics.invocations_ms += [float(each) for each in _REPORT.findall(log)]
        for line in _METRICS.findall(log):
            _add(metrics, json.loads(line))
    return metrics


def _add(metrics: FunctionMetrics, entry: dict[str, Any]) -> None:
    if "language" in entry:
        # What one language was counted for is in the total, too.
        return
    for directive in entry["_aws"]["CloudWatchMetrics"]:
        for metric in directive["Metrics"]:
            values = entry[metric["Name"]]
            values = values if isinstance(values, list) else [values]
            if metric["Unit"] == "Milliseconds":
                metrics.durations_ms.setdefault(metric["Name"], []).extend(values)
            else:
                metrics.counts[metric["Name"]] += round(sum(values))
