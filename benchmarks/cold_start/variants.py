"""The same functions without what makes them start faster, and with one measure more each time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.cold_start.starting import Candidate
from scripts.build_layers import DEPLOYED, LayerForm, LayerPlatform, build_if_changed
from scripts.function_packages.layers import LAYERS
from scripts.function_packages.packages import PACKAGES, FunctionPackage, PackagedLayer

_UNTRIMMED: Final = LayerForm(is_trimmed=False, has_bytecode=False)
_TRIMMED: Final = LayerForm(has_bytecode=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to package and load every function.

    Attributes:
        key: In the numbers.
        title: In tables.
        form: Of its layers.
        has_lazy_clients: Whether AWS clients are built when the product builds them, or all with the import.
    """

    key: str
    title: str
    form: LayerForm
    has_lazy_clients: bool


VARIANTS: Final = (
    Variant(key="without", title="without all three", form=_UNTRIMMED, has_lazy_clients=False),
    Variant(key="trimmed", title="+ trimmed layers", form=_TRIMMED, has_lazy_clients=False),
    Variant(key="bytecode", title="+ bytecode", form=DEPLOYED, has_lazy_clients=False),
    Variant(key="deployed", title="+ lazy clients: deployed", form=DEPLOYED, has_lazy_clients=True),
)
"""Each has all measures of those before it.

``without`` has all that pip installs for the requirements, no bytecode, and builds every client that the function can
use with the import.
"""


def build_layers(built_for: LayerPlatform, place: Path = PACKAGES / "cold-start") -> dict[LayerForm, Path]:
    """Build the layers that are not deployed, unless they are there and nothing has changed.

    Returns:
        Directories with a layer for each name, by the layers' form.

    Raises:
        LayerError: One cannot be built.
    """
    built = {_UNTRIMMED: place / "untrimmed", _TRIMMED: place / "trimmed"}
    for form, directory in built.items():
        for layer in LAYERS:
            build_if_changed(layer, directory / layer.name, built_for, form)
    return built


def candidate(variant: Variant, package: FunctionPackage, built: Mapping[LayerForm, Path]) -> Candidate:
    """A deployed function as a variant.

    Args:
        variant: Which one.
        package: Of the deployed form.
        built: The other forms' layers.
    """
    if variant.form in built:
        directories = {f"{layer.name.capitalize()}Layer": built[variant.form] / layer.name for layer in LAYERS}
        layers = tuple(PackagedLayer(name=each.name, directory=directories[each.name]) for each in package.layers)
        package = replace(package, layers=layers)
    return Candidate(package=package, has_lazy_clients=variant.has_lazy_clients)
