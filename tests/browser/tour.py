"""Every state of both apps, one after another, for whoever looks at them."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

from playwright.async_api import expect

from tests.browser.conftest import Venue
from tests.browser.pages import PATIENCE_MS, AppPage, ListenerPage, SpeakerPage

Look = Callable[[str, AppPage], Awaitable[None]]
"""Called with a name and the page in that state."""


async def tour(
    venue: Venue,
    speaker: SpeakerPage,
    listener: ListenerPage,
    look: Look,
    *,
    others: Sequence[str] = (),
    captions: int = 2,
) -> None:
    """Lead a speaker and a listener with a network of their own through a session.

    The speaker's microphone has some seconds of speech.

    Args:
        venue: Where both are.
        speaker: Not signed in yet.
        listener: Not opened yet.
        look: Called in every state.
        others: Languages of more listeners, who are there from the first word to the last.
        captions: How many captions there are before anybody looks at the live session.
    """
    await listener.page.goto("")
    await listener.wait_for_state("code")
    await look("listener-code", listener)
    await listener.page.locator("input.code").fill("joyful hope 911")
    await listener.page.locator("button[type=submit]").click()
    await expect(listener.page.locator("input.code")).to_have_attribute("aria-invalid", "true")
    await look("listener-code-unknown", listener)
    listener.forgive("404")  # the browser's word for a session that is not there

    await _sign_in(venue, speaker, look)
    session_id = await speaker.create_session(join_key="open-sesame")
    await look("speaker-ready", speaker)
    await speaker.leave_sound_as_it_is()
    await _dialogs_of_speaker(speaker, look)

    await _join_without_network(listener, session_id, look)
    await look("listener-language", listener)
    await listener.enter(session_id, "es", join_key="open-door")
    await expect(listener.page.locator("[aria-invalid=true]")).to_be_visible()
    await look("listener-key-wrong", listener)
    listener.forgive("403")  # the same for a key that is wrong
    await listener.join(session_id, "es", join_key="open-sesame")
    await listener.wait_for_state("waiting")
    await look("listener-waiting", listener)

    await speaker.act("live")
    await expect(speaker.page.locator("[data-problem=denied]")).to_be_visible()
    await look("speaker-microphone-denied", speaker)
    async with AsyncExitStack() as audience:
        for language in others:
            other = await audience.enter_async_context(venue.listener())
            await other.join(session_id, language, join_key="open-sesame")
        await _broadcast(venue, speaker, listener, session_id, look, captions=captions)
    await listener.wait_until_all_is_heard()
    await look("listener-ended", listener)
    async with venue.listener() as late:
        await late.page.goto(f"?session={session_id}")
        await expect(late.page.locator("input.code")).to_have_attribute("aria-invalid", "true")
        await look("listener-ended-link", late)


async def _broadcast(
    venue: Venue, speaker: SpeakerPage, listener: ListenerPage, session_id: str, look: Look, *, captions: int
) -> None:
    await speaker.start_speaking()
    await expect(listener.page.locator(".caption[data-heard]")).to_be_visible(timeout=PATIENCE_MS)
    await expect(speaker.page.locator("[data-segment]").nth(captions - 1)).to_be_visible(timeout=PATIENCE_MS)
    await expect(speaker.page.locator("section.audience [data-delay]")).to_be_visible(timeout=PATIENCE_MS)
    await look("speaker-live", speaker)
    await look("listener-live", listener)
    await _dialogs_of_listener(listener, look)
    await _own_pause(listener, look)
    await _projector(venue, session_id, look)
    await _states(venue, speaker, listener, look)

    await speaker.act("end")
    await look("speaker-end-dialog", speaker)
    await speaker.act("confirm-end")
    await speaker.wait_for_state("ended", seconds=60)
    await look("speaker-ended", speaker)


async def _sign_in(venue: Venue, speaker: SpeakerPage, look: Look) -> None:
    await speaker.wait_for_state("sign-in")
    await look("speaker-sign-in", speaker)
    await speaker.page.get_by_role("button", name="Create an account").click()
    await look("speaker-sign-up", speaker)
    await speaker.page.get_by_role("button", name="Back to signing in").click()
    await speaker.page.get_by_role("button", name="Forgot your password?").click()
    await look("speaker-forgot", speaker)
    await speaker.page.reload()
    await speaker.page.locator("button[type=submit]").click()
    await look("speaker-sign-in-empty", speaker)
    await speaker.sign_in(venue.endpoints)
    await look("speaker-start", speaker)
    await speaker.page.get_by_role("radio", name="Only these").check()
    await look("speaker-start-some", speaker)
    await speaker.page.get_by_role("radio", name="All").check()


async def _join_without_network(listener: ListenerPage, session_id: str, look: Look) -> None:
    """The page comes in by itself once there is a network."""
    await listener.page.context.set_offline(True)
    await listener.page.locator("input.code").fill(session_id)
    await listener.page.locator("button[type=submit]").click()
    await expect(listener.page.locator("[role=alert]")).not_to_be_empty(timeout=PATIENCE_MS)
    await look("listener-code-unreachable", listener)
    await listener.page.context.set_offline(False)
    await listener.wait_for_state("language")
    listener.forgive("ERR_INTERNET_DISCONNECTED")


async def _dialogs_of_speaker(speaker: SpeakerPage, look: Look) -> None:
    await speaker.page.keyboard.press("?")
    await look("speaker-keys", speaker)
    await speaker.page.keyboard.press("Escape")
    await expect(speaker.page.locator("dialog")).to_have_count(0)
    await speaker.page.get_by_role("button", name="Show to the room").click()
    await look("speaker-room", speaker)
    await speaker.page.get_by_role("button", name="Close").click()
    await expect(speaker.page.locator("dialog")).to_have_count(0)


async def _dialogs_of_listener(listener: ListenerPage, look: Look) -> None:
    for name in ("language", "settings"):
        await listener.open_dialog(name)
        await look(f"listener-{name}-dialog", listener)
        await listener.page.keyboard.press("Escape")
        await expect(listener.page.locator("dialog")).to_have_count(0)


async def _own_pause(listener: ListenerPage, look: Look) -> None:
    await listener.pause()
    await look("listener-paused-by-you", listener)
    await listener.go_on()
    await listener.page.reload()
    await expect(listener.state).to_have_attribute("data-sound", "waiting")
    await expect(listener.page.locator(".caption").first).to_be_visible()
    await look("listener-loaded-again", listener)
    await listener.bring_sound_back()


async def _projector(venue: Venue, session_id: str, look: Look) -> None:
    async with venue.listener() as projector:
        await projector.page.goto(f"#/projector?session={session_id}&key=open-sesame&languages=es,fr")
        await projector.wait_for_state("joined")
        for column in range(2):
            captions = projector.page.locator(".projector-column").nth(column).locator(".projected")
            await expect(captions.nth(1)).to_be_visible(timeout=PATIENCE_MS)
        await look("projector", projector)


async def _states(venue: Venue, speaker: SpeakerPage, listener: ListenerPage, look: Look) -> None:
    for action, state in (("mute", "muted"), ("pause", "paused")):
        await speaker.act(action)
        await listener.wait_for_state(state)
        await look(f"speaker-{state}", speaker)
        await look(f"listener-{state}", listener)
    await speaker.act("live")
    await listener.wait_for_state("live")
    await listener.lose_network(venue.listener_network)
    await listener.wait_for_state("reconnecting")
    await look("listener-reconnecting", listener)
    await listener.find_network(venue.listener_network)
    await listener.wait_for_state("live")
    await speaker.lose_network(venue.speaker_network)
    await speaker.wait_for_state("reconnecting")
    await look("speaker-reconnecting", speaker)
    await listener.wait_for_state("away")
    await look("listener-away", listener)
    await speaker.find_network(venue.speaker_network)
    await speaker.wait_for_state("live")
    await listener.wait_for_state("live")
