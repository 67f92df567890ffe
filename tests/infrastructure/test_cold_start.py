"""The measuring of cold starts, in its short form, with the packages that are installed here."""

import shutil
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.cold_start.__main__ import as_json, compare, measure, report
from benchmarks.cold_start.starting import Candidate, environments, start
from benchmarks.cold_start.variants import VARIANTS, build_layers, candidate
from scripts.build_layers import LayerPlatform, finish, layer_digest, unzipped_bytes
from scripts.function_packages.layers import AWS_SERVICES, LAYERS, ROOT, SHARED
from scripts.function_packages.packages import HANDLERS, FunctionPackage, PackagedLayer
from tests.infrastructure.installed_packages import installed
from tests.infrastructure.templates import SynthesizedStage

HERE = LayerPlatform.of_this_machine()
WITHOUT, TRIMMED, BYTECODE, DEPLOYED = VARIANTS

CLIENTS = {
    "authorizer": {"dynamodb"},
    "connection_handler": {"dynamodb", "kinesis", "lambda", "s3"},
    "disconnect_handler": {"dynamodb", "kinesis"},
    "http_session_handler": {"dynamodb", "kinesis"},
    "audio_processor": {"dynamodb", "kinesis", "lambda", "polly", "s3", "translate"},
    "notification_sender": set(),
}
"""What each function can use boto3's clients for."""

AT_THEIR_FIRST_CALL = {"lambda", "s3"}

LAZY_ADAPTERS = {
    "connection_handler": {"NotificationSenders", "S3Clips", "SignedPosts"},
    "disconnect_handler": {"SignedPosts"},
    "audio_processor": {"NotificationSenders", "S3Clips", "SignedPosts", "TranscribeTranscriber"},
    "notification_sender": {"SignedPosts"},
}
"""Which build clients at their first call, other SDKs' among them."""


def function(name: str, directory: Path, *layers: PackagedLayer) -> FunctionPackage:
    """A function's own code in a directory of its own, with layers."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "lambdas" / name, directory / name / name, ignore=ignored)
    return FunctionPackage(
        name=name, handler=f"{name}.handler.lambda_handler", code=directory / name, layers=tuple(layers)
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", HANDLERS)
def test_eager_clients_are_all_that_a_function_can_use(name: str, dev: SynthesizedStage, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "python").symlink_to(sysconfig.get_path("purelib"))
    package = function(
        name,
        tmp_path,
        PackagedLayer(name="SharedLayer", directory=ROOT / "shared_layer"),
        PackagedLayer(name="SiteLayer", directory=tmp_path / "site"),
    )
    variables = environments(dev.directory)[name]

    eager = start(Candidate(package=package, has_lazy_clients=False), variables)
    lazy = start(Candidate(package=package), variables)

    assert set(eager.clients) == CLIENTS[name]
    assert set(eager.hurried) == LAZY_ADAPTERS.get(name, set())
    assert set(lazy.clients) == CLIENTS[name] - AT_THEIR_FIRST_CALL
    assert lazy.hurried == ()


def test_together_the_functions_can_use_every_service_that_the_layer_describes() -> None:
    assert CLIENTS.keys() == set(HANDLERS)
    assert set().union(*CLIENTS.values()) == set(AWS_SERVICES)


@pytest.fixture(scope="module")
def layers() -> Iterator[dict[str, Path]]:
    """Directories of layers by the variant that they are for; the shared one alone."""
    with tempfile.TemporaryDirectory(prefix="babelcast-cold-") as name:
        built = {each.key: Path(name) / each.key for each in (WITHOUT, TRIMMED, DEPLOYED)}
        for variant in (WITHOUT, TRIMMED, DEPLOYED):
            layer = built[variant.key] / SHARED.name
            for file, found in installed(SHARED):
                (layer / "python" / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(found, layer / "python" / file)
            finish(SHARED, layer, HERE, variant.form)
        yield built


@pytest.mark.slow
def test_every_function_is_measured_in_every_variant(
    layers: dict[str, Path], dev: SynthesizedStage, tmp_path: Path
) -> None:
    shared = PackagedLayer(name="SharedLayer", directory=layers[DEPLOYED.key] / SHARED.name)
    names = ("authorizer", "connection_handler")
    packages = [function(name, tmp_path, shared) for name in names]
    built = {each.form: layers[each.key] for each in (WITHOUT, TRIMMED)}

    starts = measure(packages, built, environments(dev.directory), runs=1)

    assert [(each.function, each.variant) for each in starts] == [(name, each) for name in names for each in VARIANTS]
    assert all(len(each.starts.each) == 1 for each in starts)
    assert all(each.starts.imports.median_ms > 0 for each in starts)
    # Nothing is kept for the next start that was not there for the first.
    assert not [path for each in (WITHOUT, TRIMMED) for path in layers[each.key].rglob("__pycache__")]
    assert not list(tmp_path.rglob("__pycache__"))

    for each in starts:
        own_code = unzipped_bytes(tmp_path / each.function)
        layer = layers[DEPLOYED.key if each.variant is BYTECODE else each.variant.key] / SHARED.name
        assert each.unzipped_bytes == own_code + unzipped_bytes(layer)
    without, trimmed, bytecode, deployed = (each.unzipped_bytes for each in starts[:4])
    assert trimmed < bytecode == deployed < without

    clients = [set(each.starts.each[0].clients) for each in starts if each.function == "connection_handler"]
    assert clients == [CLIENTS["connection_handler"]] * 3 + [CLIENTS["connection_handler"] - AT_THEIR_FIRST_CALL]

    numbers = as_json(starts)
    assert [each["function"] for each in numbers["coldStarts"]] == list(names)
    assert numbers["coldStarts"][0].keys() == {
        *("function", "runs", "import_ms", "import_wall_ms", "first_use_ms", "modules", "goal_ms")
    }
    assert [each["variant"] for each in numbers["variants"]] == [each.key for each in VARIANTS] * 2
    deployed_numbers = numbers["variants"][3]
    assert all(deployed_numbers[key] == value for key, value in numbers["coldStarts"][0].items() if key != "goal_ms")

    (authorizer, handler) = compare(starts)
    assert (authorizer.function, handler.function) == names
    assert authorizer.unzipped == without / deployed > 1
    assert handler.imports == starts[4].starts.imports.median_ms / starts[7].starts.imports.median_ms
    assert f"| connection_handler | {handler.imports:.1f} × | {handler.until_used:.1f} ×" in report(starts)


def test_a_variant_has_its_own_layers_and_the_deployed_one_is_as_it_is(tmp_path: Path) -> None:
    deployed = tuple(PackagedLayer(name=name, directory=tmp_path / name) for name in ("SharedLayer", "SignalLayer"))
    package = FunctionPackage(name="a", handler="a.handler.lambda_handler", code=tmp_path, layers=deployed)
    built = {WITHOUT.form: tmp_path / "untrimmed", TRIMMED.form: tmp_path / "trimmed"}

    directories = [[each.directory for each in candidate(v, package, built).package.layers] for v in VARIANTS]

    assert directories == [
        [tmp_path / "untrimmed" / "shared", tmp_path / "untrimmed" / "signal"],
        [tmp_path / "trimmed" / "shared", tmp_path / "trimmed" / "signal"],
        [each.directory for each in deployed],
        [each.directory for each in deployed],
    ]
    assert [candidate(v, package, built).has_lazy_clients for v in VARIANTS] == [False, False, False, True]


def test_layers_that_are_there_are_not_built_again(tmp_path: Path) -> None:
    forms = {"untrimmed": WITHOUT.form, "trimmed": TRIMMED.form}
    for name, form in forms.items():
        for layer in LAYERS:
            (tmp_path / name / layer.name).mkdir(parents=True)
            (tmp_path / name / layer.name / "touched").touch()
            (tmp_path / name / f"{layer.name}.stamp").write_text(layer_digest(layer, HERE, form))

    built = build_layers(HERE, tmp_path)

    assert built == {form: tmp_path / name for name, form in forms.items()}
    assert len(list(tmp_path.rglob("touched"))) == 4
