"""``python -m infrastructure.app [-c stage=prod] [-c layers=none]``: writes a stage's cloud assembly.

Needs Node and nothing else: no account, no Docker, no network. The assembly goes where ``CDK_OUTDIR`` says, which the
CDK's own command line sets, as it passes on its ``-c``. Context values:

* ``stage``: ``dev`` (default) or ``prod``.
* ``layers``: the directory whose directories become the functions' layers. ``build/layers`` (default) is what
  `scripts/build_layers.py` makes and what is deployed; ``none``, Babelcast's code without any package, is enough for
  templates that are only read.
* ``speakerDomain``, ``listenerDomain``, ``certificateArn``: the apps' own names, all three or none.
* ``listenerUrl``: where listeners go instead of the listeners' app.
* ``allowedOrigins`` (a comma list): origins besides the apps' own, instead of the stage's.
* ``alarmEmail``: who is told of alarms.

Another key is refused, unless it is the CDK's own.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import App, CfnOutput, Tags

from infrastructure.context import CONTEXT_KEYS, RECORD, record_of, refuse_unknown_keys, stage_of
from infrastructure.layers import CODE_ALONE, FunctionLayers, built_layers
from infrastructure.nag import check_rules
from infrastructure.settings import SettingsError, StageSettings
from infrastructure.stacks.api import ApiStack
from infrastructure.stacks.data import DataStack
from infrastructure.stacks.observability import ObservabilityStack
from infrastructure.stacks.processing import ProcessingStack
from infrastructure.stacks.web import WebStack

ROOT = Path(__file__).resolve().parent.parent


def new_app(*, context: Mapping[str, str] | None = None, output_directory: Path | None = None) -> App:
    """An app without stacks.

    Args:
        context: What the CDK's command line would pass with ``-c``.
        output_directory: Receives the assembly; None means where ``CDK_OUTDIR`` says.
    """
    return App(
        outdir=str(output_directory) if output_directory else None,
        analytics_reporting=False,
        tree_metadata=False,
        context={
            # The templates name each function's asset and each resource's construct, whoever synthesises.
            "aws:cdk:enable-asset-metadata": True,
            "aws:cdk:enable-path-metadata": True,
            # A stack cannot lose what another one uses.
            "@aws-cdk/core:defaultCrossStackReferences": "strong",
            **(context or {}),
        },
    )


def add_stage(
    app: App, settings: StageSettings, *, layers: FunctionLayers, context: Mapping[str, str | None] | None = None
) -> None:
    """Add a stage's stacks to the app.

    Args:
        app: Receives them.
        settings: What they are made with.
        layers: What the functions run with.
        context: The values that have replaced settings; kept with the stage, so that the next deployment knows them.
    """
    prefix = f"Babelcast{settings.name.capitalize()}"
    functions = ROOT / "lambdas"
    data = DataStack(app, f"{prefix}Data", settings=settings)
    CfnOutput(data, RECORD, value=record_of(context or {}))
    web = WebStack(app, f"{prefix}Web", settings=settings, data=data)
    api = ApiStack(
        app,
        f"{prefix}Api",
        settings=settings,
        data=data,
        web=web,
        code_directory=functions,
        layer_directory=layers.shared,
    )
    processing = ProcessingStack(
        app,
        f"{prefix}Processing",
        settings=settings,
        data=data,
        api=api,
        code_directory=functions,
        layers=layers,
    )
    observability = ObservabilityStack(
        app, f"{prefix}Observability", settings=settings, data=data, api=api, processing=processing
    )
    for stack in (data, web, api, processing, observability):
        Tags.of(stack).add("Application", "Babelcast")
        Tags.of(stack).add("Stage", settings.name)
    check_rules(app, settings=settings, data=data, web=web, api=api, processing=processing)


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesise one stage; prints the assembly's directory."""
    parser = argparse.ArgumentParser(prog="python -m infrastructure.app", description="Write a stage's cloud assembly.")
    parser.add_argument("-c", "--context", metavar="KEY=VALUE", action="append", default=[])
    pairs = [pair.partition("=") for pair in parser.parse_args(arguments).context]
    app = new_app(context={key: value for key, _, value in pairs})
    try:
        refuse_unknown_keys(app.node.get_all_context())
        context = {key: app.node.try_get_context(key) for key in CONTEXT_KEYS}
        settings, given = stage_of(context), context["layers"] or "build/layers"
        layers = CODE_ALONE if given == "none" else built_layers(ROOT / given)
        add_stage(app, settings, layers=layers, context=context)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{app.synth().directory}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
