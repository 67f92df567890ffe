"""Pictures of every state of both apps: phone and laptop, light and dark. Needs the apps' production builds.

python -m scripts.make_screenshots --out docs/screenshots
"""

import argparse
import asyncio
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


async def make_screenshots(out: Path) -> int:
    """Write them into a directory as `<app>-<state>.<size>.<scheme>.png`; returns how many."""
    count = 0

    async def look(name: str, app: AppPage) -> None:
        nonlocal count
        for size, viewport in _SIZES.items():
            await app.page.set_viewport_size(viewport)
            for scheme in _SCHEMES:
                await app.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                await app.page.screenshot(path=out / f"{name}.{size}.{scheme}.png", animations="disabled")
                count += 1

    with TemporaryDirectory(prefix="babelcast-screenshots-") as directory:
        async with open_venue(Engine.SPEECH, Path(directory)) as venue:
            samples, rate_hz = soundfile.read(_SAMPLE, dtype="int16")
            recording = venue.recording("tour", samples.tobytes(), rate_hz)
            async with venue.speaker(recording) as speaker, venue.listener(has_own_network=True) as listener:
                await tour(venue, speaker, listener, look)
    return count


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python scripts/make_screenshots.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"), metavar="DIR", help="receives them")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    count = asyncio.run(make_screenshots(out))
    print(f"{count} pictures")


if __name__ == "__main__":
    main()
