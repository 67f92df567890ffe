"""Apertium's real programs and language data, kept running over pipes."""

import asyncio
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from local.engines.apertium import TARGETS, ApertiumTranslator
from local.engines.speech import EngineFailedError, MissingProgramsError, UnsupportedPairError

LIBRARY = "The public library opens on Monday morning."
MODES = Path("/usr/share/apertium/modes")


@pytest_asyncio.fixture
async def translator() -> AsyncIterator[ApertiumTranslator]:
    translator = ApertiumTranslator(deadline_seconds=20)
    yield translator
    await translator.close()


def programs_of(mode: str) -> list[int]:
    """Process ids of this test's children that belong to a mode's pipeline, in the order in which they started."""
    data = re.findall(r"'(/[^']+)'", (MODES / f"{mode}.mode").read_text())
    found = []
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        try:
            parent = int((directory / "stat").read_text().rpartition(")")[2].split()[1])
            arguments = (directory / "cmdline").read_bytes().decode().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == os.getpid() and set(arguments) & set(data):
            found.append(int(directory.name))
    return sorted(found)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("es", {"biblioteca", "pública", "lunes"}),
        ("ca", {"biblioteca", "pública", "dilluns"}),
        ("gl", {"biblioteca", "pública", "luns"}),
        ("pt-PT", {"biblioteca", "pública", "segunda-feira"}),
        ("pt", {"biblioteca", "pública", "segunda-feira"}),
        ("fr", {"bibliothèque", "publique", "lundi"}),
        ("it", {"biblioteca", "pubblica", "lunedì"}),
    ],
)
async def test_every_route_translates(translator: ApertiumTranslator, target: str, expected: set[str]) -> None:
    translated = await translator.translate(LIBRARY, source="en", target=target)

    assert expected <= set(translated.rstrip(".").split())
    assert translated.endswith(".")
    assert translated[0].isupper()


async def test_portuguese_of_portugal_and_brazil_differ(translator: ApertiumTranslator) -> None:
    text = "We're taking part in the talk."
    european = await translator.translate(text, source="en", target="pt-PT")
    brazilian = await translator.translate(text, source="en", target="pt")

    assert "Estamos a " in european
    assert "Estamos a " not in brazilian


@pytest.mark.parametrize(
    ("source", "target"), [("en", "de"), ("en", "en"), ("es", "en"), ("en", "pt-BR"), ("en", ""), ("auto", "es")]
)
async def test_an_unknown_pair_is_refused(translator: ApertiumTranslator, source: str, target: str) -> None:
    with pytest.raises(UnsupportedPairError):
        await translator.translate("hello", source=source, target=target)


@pytest.mark.parametrize("target", sorted(TARGETS))
async def test_unknown_words_stay_without_marks(translator: ApertiumTranslator, target: str) -> None:
    translated = await translator.translate("We saw the blorbify and the zyxtron.", source="en", target=target)

    assert "blorbify" in translated
    assert "zyxtron" in translated
    assert not set("*#@~[]\\^$") & set(translated)


async def test_characters_of_the_stream_format_are_plain_text(translator: ApertiumTranslator) -> None:
    translated = await translator.translate("hello [x] {y} ^z$ a@b.org 1/2 \\ <i> #1", source="en", target="es")

    for part in ("hola", "[x]", "{y}", "^z$", "@b.org", "1/2", "\\", "<i>", "#1"):
        assert part in translated


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", "hola"),
        ("Hello", "Hola"),
        ("the cat", "el gato"),
        ("they took the book", "tomaron el libro"),
        ("Thank you very much for coming.", "Muchas gracias para venidero."),
        ("Hello.  We have\n\nthe book !", "Hola. Tenemos el libro!"),
        ("I don’t know.", "No sé."),
        ("he said London", "Dijo Londres"),
    ],
)
async def test_spaces_and_capitals(translator: ApertiumTranslator, text: str, expected: str) -> None:
    assert await translator.translate(text, source="en", target="es") == expected


@pytest.mark.parametrize("text", ["", "...", "3.14", "*", " - ", "日本"])
async def test_what_cannot_be_translated_comes_back(translator: ApertiumTranslator, text: str) -> None:
    assert await translator.translate(text, source="en", target="es") == text


async def test_answers_at_the_same_time_are_each_ones_own(translator: ApertiumTranslator) -> None:
    words = [f"zyx{index}q" for index in range(40)]
    targets = ["es", "fr", "pt", "ca"]
    answers = await asyncio.gather(
        *(
            translator.translate(f"The library of {word}.", source="en", target=targets[index % len(targets)])
            for index, word in enumerate(words)
        )
    )

    for word, answer in zip(words, answers, strict=True):
        assert re.findall(r"zyx\d+q", answer) == [word]


async def test_a_long_text_is_translated_whole(translator: ApertiumTranslator) -> None:
    translated = await translator.translate(f"{LIBRARY} " * 220, source="en", target="fr")

    assert translated.count("bibliothèque") == 220


@pytest.mark.parametrize("which", [0, 4, -1])
async def test_a_killed_program_is_replaced(translator: ApertiumTranslator, which: int) -> None:
    before = await translator.translate(LIBRARY, source="en", target="es")
    first_programs = programs_of("eng-spa")
    os.kill(first_programs[which], signal.SIGKILL)

    assert await translator.translate(LIBRARY, source="en", target="es") == before
    assert not set(first_programs) & set(programs_of("eng-spa"))


async def test_a_pipeline_that_hangs_is_given_up_and_replaced() -> None:
    translator = ApertiumTranslator(deadline_seconds=1)
    try:
        await translator.warm_up()
        hanging = programs_of("eng-spa")[3]
        os.kill(hanging, signal.SIGSTOP)

        with pytest.raises(EngineFailedError):
            await translator.translate("hello", source="en", target="es")
        assert await translator.translate("the cat", source="en", target="es") == "el gato"
        assert hanging not in programs_of("eng-spa")
    finally:
        await translator.close()


async def test_a_request_that_is_given_up_does_not_answer_the_next_one(translator: ApertiumTranslator) -> None:
    await translator.translate("hello", source="en", target="es")
    given_up = asyncio.create_task(translator.translate(f"{LIBRARY} " * 200, source="en", target="es"))
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up

    assert await translator.translate("the cat", source="en", target="es") == "el gato"


async def test_warming_up_starts_every_pipeline_and_closing_ends_them() -> None:
    translator = ApertiumTranslator()
    await translator.warm_up()
    assert all(programs_of(mode) for mode in ("eng-spa", "eng-cat", "en-gl", "es-pt", "es-pt_BR", "es-fr", "cat-ita"))

    await translator.close()
    assert not any(programs_of(mode) for mode in ("eng-spa", "eng-cat", "en-gl", "es-pt", "es-pt_BR", "es-fr"))


def test_nothing_is_missing_here() -> None:
    ApertiumTranslator().check_programs()


def test_missing_language_data_is_named_by_its_debian_packages(tmp_path: Path) -> None:
    shutil.copytree(MODES, tmp_path / "modes")
    (tmp_path / "modes" / "es-fr.mode").unlink()
    (tmp_path / "modes" / "en-gl.mode").write_text("lt-proc '/nowhere/en-gl.automorf.bin'")
    (tmp_path / "modes" / "cat-ita.mode").write_text("no-such-program | lt-proc $1 '/dev/null'")

    with pytest.raises(MissingProgramsError) as caught:
        ApertiumTranslator(data_directory=tmp_path).check_programs()

    named = {word for word in str(caught.value).split() if word.startswith("apertium")}
    assert named == {"apertium", "apertium-fr-es", "apertium-en-gl", "apertium-cat-ita"}
    assert named <= set(Path("requirements/debian.txt").read_text().split())


async def test_a_mode_that_is_not_installed_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(MissingProgramsError):
        await ApertiumTranslator(data_directory=tmp_path).translate("hello", source="en", target="es")
