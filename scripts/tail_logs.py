"""Follow the logs of a deployed stage: one session over all functions, one function, or everything.

python -m scripts.tail_logs --stage dev --session joyful-hope-911
python -m scripts.tail_logs --stage prod --function audio_processor --since 60
"""

import argparse
import re
import sys
import time
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from scripts.deployment.errors import DeploymentError
from scripts.deployment.log_tail import LATE_MS, LogTail, log_sources
from scripts.deployment.preflight import open_account
from scripts.deployment.stage import stage_named

_PAUSE_S = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Print lines until interrupted; 1 if there is nothing to follow."""
    options = _parser().parse_args(arguments)
    try:
        _follow(options)
    except KeyboardInterrupt:
        return 0
    except DeploymentError as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"the logs cannot be read: {error}", file=sys.stderr)
        return 1
    return 0


def _follow(options: argparse.Namespace) -> None:
    stage = stage_named(options.stage)
    if options.session is not None and re.fullmatch(r"[a-z0-9-]+", options.session) is None:
        raise DeploymentError(f"{options.session!r} is no session: they look like joyful-hope-911")
    account = open_account()
    sources = log_sources(account.client("cloudformation"), stage, function=options.function)
    tail = LogTail(logs=account.client("logs"), sources=sources, session_id=options.session, metrics=options.metrics)
    since_ms = round((time.time() - options.since * 60) * 1_000)
    while True:
        for line in tail.poll(since_ms):
            print(line, flush=True)
        if options.once:
            return
        since_ms = max(since_ms, round(time.time() * 1_000) - LATE_MS)
        time.sleep(_PAUSE_S)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.tail_logs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", default="dev", help="dev (default) or prod")
    parser.add_argument("--session", help="only lines that name this session")
    parser.add_argument("--function", help="only this function, for example connection_handler or audio_processor")
    parser.add_argument("--since", type=float, default=10, metavar="MINUTES", help="begin so long ago (default: 10)")
    parser.add_argument(
        "--metrics", action="store_true", help="also the lines of embedded metrics and of Lambda itself"
    )
    parser.add_argument("--once", action="store_true", help="print what there is and stop")
    return parser


if __name__ == "__main__":
    sys.exit(main())
