"""The bills of materials name what is deployed, exactly, and the same each time."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from scripts import sbom
from scripts.pinned_packages import read_pinned_packages

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "frontend" / "package-lock.json"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("sbom")
    assert sbom.main(["--output", str(output)]) == 0
    return output


def read(directory: Path, name: str) -> dict[str, Any]:
    bill: dict[str, Any] = json.loads((directory / f"{name}.cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == f"babelcast-{name}"
    return bill


@pytest.mark.parametrize("layer", ["layer", "signal-layer"])
def test_every_package_of_a_layer_is_named_with_version_purl_and_hashes(directory: Path, layer: str) -> None:
    components = read(directory, layer)["components"]

    named = {
        each["purl"]: (each["name"], each["version"], {known["content"] for known in reference["hashes"]})
        for each in components
        for reference in each["externalReferences"]
    }
    pinned = read_pinned_packages(ROOT / "requirements" / f"{layer}.txt")
    assert named == {
        f"pkg:pypi/{each.name}@{each.version}": (each.name, each.version, set(each.sha256)) for each in pinned
    }
    assert len(components) == len(pinned)


@pytest.mark.parametrize(("app", "with_codes"), [("speaker", True), ("listener", False)])
def test_an_apps_packages_are_named_as_npm_locks_them_without_the_tools_that_build_it(
    directory: Path, app: str, with_codes: bool
) -> None:
    locked = {
        (path.rpartition("node_modules/")[2], each["version"]): each
        for path, each in json.loads(LOCK.read_text())["packages"].items()
        if "integrity" in each
    }

    components = [each for each in read(directory, app)["components"] if each["name"] != "shared"]

    for each in components:
        entry = locked[each["name"], each["version"]]
        assert each["purl"] == f"pkg:npm/{each['name'].replace('@', '%40')}@{each['version']}"
        algorithm, _, digest = entry["integrity"].partition("-")
        (known,) = each["hashes"]
        assert (known["alg"], known["content"]) == ("SHA-512", base64.b64decode(digest).hex())
        assert algorithm == "sha512"
    names = {each["name"] for each in components}
    wanted = json.loads((ROOT / "frontend" / "apps" / app / "package.json").read_text())["dependencies"]
    assert {name for name in wanted if not name.startswith("@babelcast/")} <= names
    assert "@aws-sdk/client-cognito-identity-provider" in names  # a package of the shared workspace
    assert ("uqr" in names) is with_codes
    assert not {"vite", "vitest", "typescript", "eslint"} & names


def test_the_same_pins_give_the_same_bytes_which_name_no_place_of_this_machine(directory: Path, tmp_path: Path) -> None:
    assert sbom.main(["--output", str(tmp_path)]) == 0

    for file in directory.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()
        assert str(ROOT) not in file.read_text()
    serial_numbers = {json.loads(file.read_text())["serialNumber"] for file in directory.iterdir()}
    assert len(serial_numbers) == 4
