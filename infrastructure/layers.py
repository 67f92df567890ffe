"""What the functions' layers are made of: built ones, or Babelcast's code alone. Nothing here imports the CDK."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infrastructure.settings import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLayers:
    """A directory with ``python/`` for each layer.

    Attributes:
        shared: Every function's: Babelcast's code and the packages that it uses.
        signal: The audio processor's besides: numpy. None for an empty layer.
    """

    shared: Path
    signal: Path | None


CODE_ALONE: Final = FunctionLayers(shared=Path(__file__).resolve().parent.parent / "shared_layer", signal=None)
"""Without any package: enough for templates that are only read, and where the packages come from elsewhere."""


def built_layers(directory: Path) -> FunctionLayers:
    """The layers that `scripts/build_layers.py` has made.

    Raises:
        SettingsError: One is missing.
    """
    shared, signal = directory / "shared", directory / "signal"
    for layer in (shared, signal):
        if not (layer / "python").is_dir():
            raise SettingsError(
                f"{layer} holds no layer: run `make layers`, or pass -c layers=none for templates that are only read"
            )
    return FunctionLayers(shared=shared, signal=signal)
