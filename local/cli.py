"""The command line: `python -m local.cli --help`.

What a user gets wrong is told in one line on standard error, with exit status 2 for wrong input and 1 for a failure.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from typer.exceptions import TyperException

from local.client.errors import UnreachableError
from local.client.http_api import HttpApi
from local.client.login import SpeakerLogin
from local.demo import DemoOptions, parse_languages, run_demo
from local.endpoints import Endpoints
from local.errors import UserError, WrongInputError
from local.live import ListenOptions, SpeakOptions, listen_live, speak_live
from local.serve import AppPorts, serve
from local.services.profiles import Profile
from local.stack import Engine, StackOptions
from local.supervision import PROJECT_ROOT, ProcessFailedError
from local.template.assembly import TemplateError

_STATE_DIR: Final = PROJECT_ROOT / ".local"
_ASSEMBLY_DIR: Final = PROJECT_ROOT / "build" / "assembly"
_CONSOLE: Final = Console(highlight=False)

app = typer.Typer(
    name="babelcast",
    help="Live speech translation on this machine: demonstrate it, run it, speak into it and listen to it.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
sessions = typer.Typer(help="Create, show and end sessions.", rich_markup_mode=None)
app.add_typer(sessions, name="sessions")

StackFile = Annotated[
    Path,
    typer.Option(
        "--stack",
        metavar="FILE",
        help="Addresses of a stage as JSON: the running local stack's, or a file of your own for a deployed stage.",
    ),
]
Email = Annotated[str | None, typer.Option(help="Speaker's account, where there is no demo account.")]
Password = Annotated[
    str | None,
    typer.Option(envvar="BABELCAST_PASSWORD", help="Its password; better given in the environment."),
]
SourceLanguage = Annotated[str, typer.Option("--source", metavar="CODE", help="Language that is spoken.")]
TargetLanguages = Annotated[
    str | None, typer.Option("--languages", metavar="CODES", help="Such as es,fr; all if left out.")
]
Expressive = Annotated[
    bool, typer.Option(help="Let the voices of a new session follow how loud, fast and high the speech is.")
]
JoinKey = Annotated[str | None, typer.Option(help="Listeners need it to join; 4 to 64 characters.")]
SpeechEngine = Annotated[Engine, typer.Option(help="Speech, or the tone language of the tests.")]
StateDirectory = Annotated[Path, typer.Option(metavar="DIR", help="Where the running system keeps logs and keys.")]
AssemblyDirectory = Annotated[Path, typer.Option(metavar="DIR", help="The synthesized templates.")]
DEFAULT_STACK: Final = _STATE_DIR / "stack.json"


@app.command()
def demo(
    audio: Annotated[Path, typer.Option(metavar="FILE", help="Speech: WAV, FLAC, Ogg, MP3 …")],
    languages: Annotated[str, typer.Option(metavar="CODES", help="Languages to listen in.")] = "es,fr,ca",
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the results are written.")] = Path("out/demo"),
    source: SourceLanguage = "en",
    engine: SpeechEngine = Engine.SPEECH,
    service_times: Annotated[
        Profile, typer.Option(help="Let the speech services take as long as others, such as AWS's.")
    ] = Profile.NONE,
    state: StateDirectory = _STATE_DIR / "demo",
    assembly: AssemblyDirectory = _ASSEMBLY_DIR,
) -> None:
    """Broadcast a recording through the whole system.

    Starts the system, speaks in real time, writes what the listeners heard, stops the system; fails if anything was
    lost or heard twice.
    """
    options = DemoOptions(
        audio=audio,
        languages=languages,
        out=out,
        source_language=source,
        engine=engine,
        service_times=service_times,
        state_dir=state,
        assembly_dir=assembly,
    )
    raise typer.Exit(asyncio.run(run_demo(options, _CONSOLE)))


@app.command()
def run(
    http_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the HTTP API; 0 takes a free one.")] = 0,
    websocket_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the WebSocket API.")] = 0,
    speaker_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the speaker's app.")] = 0,
    listener_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the listeners' app.")] = 0,
    engine: SpeechEngine = Engine.SPEECH,
) -> None:
    """Keep the system and its apps up until Ctrl-C.

    The other commands find it by themselves.
    """
    options = StackOptions(
        state_dir=_STATE_DIR,
        assembly_dir=_ASSEMBLY_DIR,
        engine=engine,
        http_port=http_port,
        websocket_port=websocket_port,
    )
    asyncio.run(serve(options, _CONSOLE, AppPorts(speaker=speaker_port, listener=listener_port)))


@app.command()
def languages(stack: StackFile = DEFAULT_STACK) -> None:
    """List what can be spoken and listened to."""

    async def show() -> None:
        async with HttpApi(load_endpoints(stack).http_api_url) as api:
            offered = await api.languages()
        sources = {language.code for language in offered.sources}
        rows = {language.code: language for language in (*offered.sources, *offered.targets)}
        targets = {language.code: "heard and read" if language.spoken else "read" for language in offered.targets}
        table = Table("code", "language", "can be spoken", "can be", box=None, pad_edge=False)
        for code, language in sorted(rows.items()):
            table.add_row(code, language.name, "yes" if code in sources else "", targets.get(code, ""))
        _CONSOLE.print(table)

    asyncio.run(show())


@app.command()
def speak(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Speech: WAV, FLAC, Ogg, MP3 …")],
    session: Annotated[
        str | None, typer.Option(metavar="ID", help="A session of yours; a new one if left out.")
    ] = None,
    source: SourceLanguage = "en",
    wait_for: Annotated[int, typer.Option(min=0, help="Wait for so many listeners before speaking.")] = 0,
    expressive: Expressive = True,
    stack: StackFile = DEFAULT_STACK,
    email: Email = None,
    password: Password = None,
) -> None:
    """Speak a recording as the speaker's app would.

    In real time, into a session that is ended with it.
    """
    endpoints = load_endpoints(stack)
    options = SpeakOptions(
        file=file, session_id=session, source_language=source, listeners=wait_for, expressive=expressive
    )
    asyncio.run(speak_live(endpoints, SpeakerLogin(endpoints, email=email, password=password), options, _CONSOLE))


@app.command()
def listen(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="Id of the session, such as joyful-hope-911.")],
    language: Annotated[str, typer.Option(metavar="CODE", help="Language to listen in.")],
    save: Annotated[Path, typer.Option(metavar="DIR", help="Where captions and sound are written at the end.")],
    join_key: JoinKey = None,
    stack: StackFile = DEFAULT_STACK,
) -> None:
    """Listen to a session and keep what was heard.

    Prints captions as they come, until the session ends or Ctrl-C; then writes captions and sound into DIR.
    """
    options = ListenOptions(session_id=session, language=language, join_key=join_key, out=save)
    asyncio.run(listen_live(load_endpoints(stack), options, _CONSOLE))


@sessions.command("create")
def create_session(
    *,
    source: SourceLanguage = "en",
    languages: TargetLanguages = None,
    join_key: JoinKey = None,
    expressive: Expressive = True,
    stack: StackFile = DEFAULT_STACK,
    email: Email = None,
    password: Password = None,
) -> None:
    """Create a session and print its id and addresses."""
    endpoints = load_endpoints(stack)
    targets = None if languages is None else parse_languages(languages)
    login = SpeakerLogin(endpoints, email=email, password=password)

    async def create() -> None:
        async with HttpApi(endpoints.http_api_url) as api:
            created = await api.create_session(
                await login.access_token(),
                source_language=source,
                target_languages=targets,
                join_key=join_key,
                expressive=expressive,
            )
        facts = {
            "sessionId": created.session_id,
            "webSocketUrl": created.websocket_url,
            "listenerUrl": created.listener_url,
        }
        _print_json(facts)

    asyncio.run(create())


@sessions.command("show")
def show_session(session: Annotated[str, typer.Argument(metavar="ID")], stack: StackFile = DEFAULT_STACK) -> None:
    """Print what anyone may know about a session."""

    async def show() -> None:
        async with HttpApi(load_endpoints(stack).http_api_url) as api:
            _print_json(await api.show_session(session))

    asyncio.run(show())


@sessions.command("end")
def end_session(
    session: Annotated[str, typer.Argument(metavar="ID")],
    stack: StackFile = DEFAULT_STACK,
    email: Email = None,
    password: Password = None,
) -> None:
    """End a session of yours."""
    endpoints = load_endpoints(stack)
    login = SpeakerLogin(endpoints, email=email, password=password)

    async def end() -> None:
        async with HttpApi(endpoints.http_api_url) as api:
            await api.end_session(await login.access_token(), session)

    asyncio.run(end())


def load_endpoints(path: Path) -> Endpoints:
    """Where the stage is.

    Raises:
        UnreachableError: No local stack runs.
        WrongInputError: The file is not one of addresses.
    """
    try:
        return Endpoints.load(path)
    except FileNotFoundError:
        if path == DEFAULT_STACK:
            raise UnreachableError("no local stack is running: start it with `make run`") from None
        raise WrongInputError(f"{path} does not exist") from None
    except OSError as error:
        raise WrongInputError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise WrongInputError(f"{path} does not hold the addresses of a stage") from None


def _print_json(facts: object) -> None:
    typer.echo(json.dumps(facts, indent=2, ensure_ascii=False))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr, format="%(levelname)s %(message)s")
    try:
        status = app(args=arguments, prog_name="babelcast", standalone_mode=False)
    except KeyboardInterrupt:
        return 130
    except (UserError, TyperException, ProcessFailedError, TemplateError, OSError) as error:
        message, exit_status = _explain(error)
        typer.echo(f"babelcast: {' '.join(message.split())}", err=True)
        return exit_status
    return status if isinstance(status, int) else 0


def _explain(error: Exception) -> tuple[str, int]:
    """An error in words, and the exit status that belongs to it."""
    match error:
        case UserError():
            return str(error), error.exit_status
        case TyperException():
            return f"{error.format_message()} (--help tells more)", 2
        case ProcessFailedError():
            # The first line says which process failed and where its log is; the log's last line mostly says why.
            what = str(error).splitlines()[0].rstrip(":")
            reasons = [line for line in error.log_tail.splitlines() if line.strip()]
            return f"{what}: {reasons[-1]}" if reasons else what, 1
        case TemplateError():
            return f"{error}; make it anew with `make synth`", 1
        case _:
            return str(error), 1


if __name__ == "__main__":
    sys.exit(main())
