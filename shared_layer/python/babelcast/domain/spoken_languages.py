"""Which of the languages that are wanted are spoken, when there are more than a session may have spoken."""

from collections.abc import Collection, Mapping

from babelcast.domain.languages import LanguageCode, language


def spoken_languages(
    wanted: Mapping[LanguageCode, int], *, most: int, spoken_before: Collection[LanguageCode]
) -> frozenset[LanguageCode]:
    """The languages with the most listeners that have a voice.

    Args:
        wanted: The number of listeners of each language.
        most: How many languages may be spoken.
        spoken_before: Those that are spoken now: they give their place up to a larger audience only, so that two of one
            size do not take turns.

    Returns:
        At most ``most`` languages; the same ones again for the same listeners. The others are text.
    """
    voiced = (code for code in wanted if language(code).is_spoken)
    ranked = sorted(voiced, key=lambda code: (-wanted[code], code not in spoken_before, code))
    return frozenset(ranked[:most])
