"""Write what is deployed as CycloneDX bills of materials into ``build/sbom``: each layer's packages and both apps'.

Works from the pins alone (the layers' in ``requirements``, ``frontend/package-lock.json``), without a network. The same
pins give the same files, but for the version of npm, which each app's bill names.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from scripts.pinned_packages import PinError, PinnedPackage, read_pinned_packages

ROOT: Final = Path(__file__).resolve().parent.parent
LAYERS: Final = ("layer", "signal-layer")
"""By their files of requirements; ``layer`` is every function's."""
APPS: Final = ("speaker", "listener")
SPEC_VERSION: Final = "1.5"
"""What npm writes. Source: npm sbom."""


class SbomError(Exception):
    """A bill cannot be written; the message says why."""


def layer_sbom(name: str, packages: Sequence[PinnedPackage]) -> dict[str, Any]:
    """The bill of one of the functions' layers.

    Which of a version's files pip installs depends on the platform, hence every hash that it would accept is listed, at
    the place the files come from.
    """
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "pre-build"}],
            "component": {"bom-ref": f"babelcast-{name}", "type": "application", "name": f"babelcast-{name}"},
        },
        "components": [_component(package) for package in packages],
    }


def _component(package: PinnedPackage) -> dict[str, Any]:
    return {
        "bom-ref": package.purl,
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        "externalReferences": [
            {
                "type": "distribution",
                "url": f"https://pypi.org/project/{package.name}/{package.version}/",
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in package.sha256],
            }
        ],
    }


def app_sbom(app: str, frontend: Path) -> dict[str, Any]:
    """The bill of an app: what npm's lock file says that its page may contain, without the tools that build it.

    Raises:
        SbomError: npm is not there or does not understand the lock file.
    """
    command = ["npm", "sbom", "--package-lock-only", "--sbom-format", "cyclonedx", "--omit", "dev"]
    try:
        done = subprocess.run(
            [*command, "--workspace", f"apps/{app}"], cwd=frontend, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise SbomError("npm is not installed; it comes with Node.js") from error
    if done.returncode != 0:
        raise SbomError(f"npm sbom: {done.stderr.strip()}")
    bill: dict[str, Any] = json.loads(done.stdout)
    # npm names the bill after the workspaces' directory, and dates it.
    del bill["metadata"]["timestamp"]
    own = f"@babelcast/{app}@"
    bill["metadata"]["component"] = next(each for each in bill["components"] if each["bom-ref"].startswith(own))
    bill["metadata"]["component"] |= {"type": "application", "name": f"babelcast-{app}"}
    bill["components"] = [each for each in bill["components"] if not each["bom-ref"].startswith(own)]
    bill["dependencies"] = [each for each in bill["dependencies"] if not each["ref"].startswith("babelcast-frontend@")]
    return bill


def write_sbom(bill: dict[str, Any], file: Path) -> None:
    """Write a bill with a serial number that is made of what it says."""
    bill.pop("serialNumber", None)
    serial = uuid5(NAMESPACE_URL, json.dumps(bill, sort_keys=True))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**bill, "serialNumber": f"urn:uuid:{serial}"}, indent=2) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write every bill and print where; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "sbom", help="default: build/sbom")
    output = parser.parse_args(arguments).output
    try:
        requirements = ROOT / "requirements"
        bills = {name: layer_sbom(name, read_pinned_packages(requirements / f"{name}.txt")) for name in LAYERS}
        bills |= {app: app_sbom(app, ROOT / "frontend") for app in APPS}
    except (PinError, SbomError) as error:
        print(error, file=sys.stderr)
        return 1
    for name, bill in bills.items():
        file = output / f"{name}.cdx.json"
        write_sbom(bill, file)
        print(f"{file}: {len(bill['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
