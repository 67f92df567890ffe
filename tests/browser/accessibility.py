"""What axe-core says of a page."""

from functools import cache
from typing import Final

from playwright.async_api import Page

from local.supervision import PROJECT_ROOT

_AXE: Final = PROJECT_ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_GRAVE: Final = ("serious", "critical")


@cache
def _source() -> str:
    return _AXE.read_text()


async def find_barriers(page: Page) -> list[str]:
    """Serious and critical findings: rule, element and what is wrong, one line each."""
    await page.evaluate("() => document.fonts.ready")
    await page.evaluate(f"() => {{ {_source()}; }}")
    found = await page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']} {' '.join(map(str, node['target']))}: {' '.join(node['failureSummary'].split())}"
        for violation in found["violations"]
        if violation["impact"] in _GRAVE
        for node in violation["nodes"]
    ]
