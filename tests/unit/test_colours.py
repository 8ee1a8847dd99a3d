"""Any colour a company may choose can be read, on light paper and on dark."""

import itertools

import pytest

from app.colours import DARK_GROUNDS, LIGHT_GROUNDS, Accent, contrast, dark_accent, light_accent

GRID = [f"#{red}{green}{blue}" for red, green, blue in itertools.product(("00", "33", "80", "cc", "ff"), repeat=3)]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#1f5f8b", "#ffffff", 6.84),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert (round(contrast(one, other), 2), contrast(one, other)) == (ratio, contrast(other, one))


@pytest.mark.parametrize("colour", GRID)
def test_every_colour_becomes_readable(colour: str) -> None:
    light, dark = light_accent(colour), dark_accent(colour)

    assert min(contrast(light.accent, ground) for ground in LIGHT_GROUNDS) >= 4.5
    assert min(contrast(dark.accent, ground) for ground in DARK_GROUNDS) >= 7
    assert min(contrast(light.accent, light.on), contrast(dark.accent, dark.on)) >= 4.5


@pytest.mark.parametrize(
    ("colour", "light", "dark"),
    [
        ("#1f5f8b", Accent("#1f5f8b", "#ffffff"), Accent("#69aede", "#0d1b28")),
        ("#ffcc00", Accent("#8a6e00", "#ffffff"), Accent("#ffcc00", "#0d1b28")),
        ("#000000", Accent("#000000", "#ffffff"), Accent("#a6a6a6", "#0d1b28")),
    ],
)
def test_a_colour_is_changed_only_as_far_as_needed(colour: str, light: Accent, dark: Accent) -> None:
    assert (light_accent(colour), dark_accent(colour)) == (light, dark)
