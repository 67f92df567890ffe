"""Pictures of every state of both apps: phone and laptop, light and dark. Needs the apps' production builds.

python -m scripts.make_screenshots --out out/screenshots --pictures docs/pictures
"""

import argparse
import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import soundfile
from playwright.async_api import ViewportSize

from local.stack import Engine
from local.supervision import PROJECT_ROOT
from tests.browser.conftest import open_venue
from tests.browser.pages import AppPage
from tests.browser.tour import tour

_SIZES: Final[dict[str, ViewportSize]] = {
    "phone": {"width": 390, "height": 844},
    "laptop": {"width": 1280, "height": 800},
}
_SAMPLE: Final = PROJECT_ROOT / "samples" / "speech-en.wav"
_SCHEMES: Final = ("light", "dark")
_OTHER_LISTENERS: Final = ("fr", "fr", "ca")
_PICTURES: Final = {
    "speaker-sign-in": "laptop.light",
    "speaker-start": "laptop.light",
    "speaker-ready": "laptop.light",
    "speaker-room": "laptop.light",
    "speaker-live": "laptop.light",
    "speaker-reconnecting": "laptop.light",
    "listener-code": "phone.light",
    "listener-language": "phone.light",
    "listener-live": "phone.dark",
    "listener-settings-dialog": "phone.light",
    "projector": "laptop.dark",
}
"""Those that README.md and the guides in docs/ show, by their state."""


async def make_screenshots(out: Path) -> int:
    """Write them into a directory as `<app>-<state>.<size>.<scheme>.png`; returns how many."""
    count = 0

    async def look(name: str, app: AppPage) -> None:
        nonlocal count
        for size, viewport in _SIZES.items():
            await app.page.set_viewport_size(viewport)
            for scheme in _SCHEMES:
                await app.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                await app.page.evaluate("scrollTo(0, 0)")
                await app.page.screenshot(path=out / f"{name}.{size}.{scheme}.png", animations="disabled")
                count += 1

    with TemporaryDirectory(prefix="babelcast-screenshots-") as directory:
        async with open_venue(Engine.SPEECH, Path(directory)) as venue:
            samples, rate_hz = soundfile.read(_SAMPLE, dtype="int16")
            recording = venue.recording("tour", samples.tobytes(), rate_hz)
            async with venue.speaker(recording) as speaker, venue.listener(has_own_network=True) as listener:
                await tour(venue, speaker, listener, look, others=_OTHER_LISTENERS, captions=4)
    return count


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python scripts/make_screenshots.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("out/screenshots"), metavar="DIR", help="receives them")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="receives those of the documentation")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    count = asyncio.run(make_screenshots(arguments.out))
    print(f"{count} pictures")
    if arguments.pictures is not None:
        arguments.pictures.mkdir(parents=True, exist_ok=True)
        for name, look in _PICTURES.items():
            shutil.copy(arguments.out / f"{name}.{look}.png", arguments.pictures / f"{name}.png")


if __name__ == "__main__":
    main()
