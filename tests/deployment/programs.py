"""Programs put first in PATH in place of the CDK's command line and make; they write down how they were called."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

CDK_VERSION = "2.1148.1"

CDK_OPTIONS = {
    "bootstrap": {"--app"},
    "deploy": {"--app", "--all", "--require-approval", "--progress", "--outputs-file"},
    "diff": {"--app"},
    "destroy": {"--app", "--force"},
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
if command == "deploy":
    outputs = json.loads(Path({outputs!r}).read_text())
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
        artifacts["Tree"] = {{"type": "cdk:tree", "properties": {{}}}}
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_text(json.dumps({{"version": "55.0.0", "artifacts": artifacts}}))
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

    def install(self, *, cdk_version: str = CDK_VERSION) -> None:
        self.directory.mkdir(exist_ok=True)
        values = {
            "python": sys.executable,
            "recorded": str(self.directory / "calls.jsonl"),
            "outputs": str(self.directory / "outputs.json"),
            "broken": str(self.directory / "broken.txt"),
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

    def mend_cdk(self) -> None:
        (self.directory / "broken.txt").unlink()

    def calls(self, program: str) -> list[Call]:
        recorded = self.directory / "calls.jsonl"
        lines = recorded.read_text().splitlines() if recorded.is_file() else []
        return [call for call in (Call(**json.loads(line)) for line in lines) if call.program == program]

    def cdk_commands(self) -> list[str]:
        """The CDK's commands in order, without ``--version``."""
        return [call.arguments[0] for call in self.calls("cdk") if call.arguments != ["--version"]]
