"""Programs put first in PATH in place of the CDK's command line and make; they write down how they were called."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from tests.deployment.recorded_stacks import RecordedStacks

CDK_VERSION = "2.1148.1"

CDK_OPTIONS = {
    "bootstrap": {"--app"},
    "deploy": {"--app", "--all", "--require-approval", "--progress", "--outputs-file"},
    "diff": {"--app"},
    "destroy": {"--app", "--force"},
    "rollback": {"--app"},
}
"""A part of what ``cdk COMMAND --help`` of that version lists; any other option is refused, as the real one does."""

_CDK = """\
#!{python}
import json, os, sys
from pathlib import Path

recorded, options = Path({recorded!r}), {options!r}
arguments = sys.argv[1:]
with recorded.open("a") as file:
    file.write(json.dumps({{"program": "cdk", "arguments": arguments, "region": os.environ.get("AWS_REGION")}}) + "\\n")
if arguments == ["--version"]:
    print({version!r} + " (build fcf5e34)")
    sys.exit(0)
command, rest = arguments[0], arguments[1:]
unknown = [each for each in rest if each.startswith("-") and each not in options[command]]
if unknown:
    sys.exit("Unknown arguments: " + ", ".join(unknown))
if command == "bootstrap":
    sys.exit(0)
manifest = json.loads((Path(rest[rest.index("--app") + 1]) / "manifest.json").read_text())
broken = Path({broken!r})
if broken.is_file():
    sys.exit(broken.read_text())
if command == "diff":
    print("There were no differences")
stacks_file, failing_file = Path({stacks!r}), Path({failing!r})
stacks = json.loads(stacks_file.read_text()) if stacks_file.is_file() else {{}}
if command == "deploy":
    outputs = json.loads(Path({outputs!r}).read_text())
    failing = failing_file.read_text() if failing_file.is_file() else None
    for name, artifact in manifest["artifacts"].items():
        if artifact["type"] != "aws:cloudformation:stack":
            continue
        found = stacks.get(name, {{"status": None, "protected": False}})
        if found["status"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
            if found["protected"]:
                sys.exit("Stack [" + name + "] cannot be deleted while TerminationProtection is enabled")
            found = {{"status": None, "protected": False}}
        made = {{
            "status": "UPDATE_COMPLETE" if found["status"] else "CREATE_COMPLETE",
            "protected": artifact["properties"].get("terminationProtection", False),
            "outputs": outputs.get(name, {{}}),
            "resources": [],
        }}
        if name.endswith("Data"):
            made["outputs"]["Context"] = json.dumps(manifest["context"])
        if name == failing:
            left = (("AWS::S3::Bucket", "site-1", "DELETE_SKIPPED"), ("AWS::SNS::Topic", "topic", "DELETE_COMPLETE"))
            names = ("ResourceType", "PhysicalResourceId", "ResourceStatus")
            resources = [dict(zip(names, each)) for each in left]
            made |= {{"status": "ROLLBACK_COMPLETE", "outputs": {{}}, "resources": resources}}
        stacks[name] = made
        stacks_file.write_text(json.dumps(stacks))
        if name == failing:
            sys.exit("The stack named " + name + " failed creation: ROLLBACK_COMPLETE")
    Path(rest[rest.index("--outputs-file") + 1]).write_text(json.dumps(outputs))
if command == "destroy":
    stacks = [each for each in rest[2:] if not each.startswith("-")]
    protected = [each for each in stacks if manifest["artifacts"][each]["properties"].get("terminationProtection")]
    if protected:
        sys.exit("Stack [" + protected[0] + "] cannot be deleted while TerminationProtection is enabled")
"""

_MAKE = """\
#!{python}
import json, sys
from pathlib import Path

with Path({recorded!r}).open("a") as file:
    file.write(json.dumps({{"program": "make", "arguments": sys.argv[1:]}}) + "\\n")
for target in sys.argv[1:]:
    if target.startswith("build/deploy/"):
        stage = target.split("/")[2]
        kept = ("Data", "Web") if stage == "prod" else ()
        artifacts = {{
            "Babelcast" + stage.capitalize() + name: {{
                "type": "aws:cloudformation:stack",
                "properties": {{"terminationProtection": True}} if name in kept else {{}},
            }}
            for name in ("Data", "Web", "Api", "Processing", "Observability")
        }}
        given = next(each for each in sys.argv if each.startswith("CDK_CONTEXT=")).partition("=")[2].split()
        pairs = [each.partition("=") for each in given if each != "-c"]
        context = {{key: value for key, _, value in pairs if value}}
        artifacts["Tree"] = {{"type": "cdk:tree", "properties": {{}}}}
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_text(json.dumps({{"version": "55.0.0", "context": context, "artifacts": artifacts}}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One start of a program."""

    program: str
    arguments: list[str]
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The programs of one test, in ``directory``."""

    directory: Path

    @property
    def stacks(self) -> RecordedStacks:
        """What the command line has made."""
        return RecordedStacks(path=self.directory / "stacks.json")

    def install(self, *, cdk_version: str = CDK_VERSION) -> None:
        self.directory.mkdir(exist_ok=True)
        values = {
            "python": sys.executable,
            "recorded": str(self.directory / "calls.jsonl"),
            "outputs": str(self.directory / "outputs.json"),
            "broken": str(self.directory / "broken.txt"),
            "stacks": str(self.stacks.path),
            "failing": str(self.directory / "failing.txt"),
            "options": CDK_OPTIONS,
            "version": cdk_version,
        }
        for name, template in (("cdk", _CDK), ("make", _MAKE)):
            program = self.directory / name
            program.write_text(dedent(template).format(**values))
            program.chmod(0o755)

    def set_outputs(self, outputs: dict[str, dict[str, str]]) -> None:
        """What the stacks say when they are deployed."""
        (self.directory / "outputs.json").write_text(json.dumps(outputs))

    def break_cdk(self, words: str) -> None:
        """Everything but ``--version`` fails from now on."""
        (self.directory / "broken.txt").write_text(words)

    def fail_stack(self, name: str) -> None:
        """From now on this stack is rolled back when it is made."""
        (self.directory / "failing.txt").write_text(name)

    def mend_cdk(self) -> None:
        for name in ("broken.txt", "failing.txt"):
            (self.directory / name).unlink(missing_ok=True)

    def calls(self, program: str) -> list[Call]:
        recorded = self.directory / "calls.jsonl"
        lines = recorded.read_text().splitlines() if recorded.is_file() else []
        return [call for call in (Call(**json.loads(line)) for line in lines) if call.program == program]

    def cdk_commands(self) -> list[str]:
        """The CDK's commands in order, without ``--version``."""
        return [call.arguments[0] for call in self.calls("cdk") if call.arguments != ["--version"]]
