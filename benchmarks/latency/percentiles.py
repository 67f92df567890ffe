"""Percentiles of measured times."""

from collections.abc import Sequence

import numpy as np


def percentile(values: Sequence[float], percent: float) -> int:
    """A percentile in whole milliseconds; 0 without values."""
    return round(float(np.percentile(values, percent))) if values else 0
