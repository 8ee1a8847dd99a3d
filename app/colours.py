"""A company's colour made readable: the same hue, darker on light paper or lighter on dark paper, until it can be read.

Contrast is that of WCAG 2: 4.5 to 1 is what text needs. On dark paper more is asked, or pure colours would glare.
"""

import colorsys
from typing import NamedTuple

ENOUGH = 4.5
ENOUGH_IN_THE_DARK = 7.0
WHITE, INK = "#ffffff", "#0d1b28"
LIGHT_GROUNDS = ("#ffffff", "#f5f6f8")
DARK_GROUNDS = ("#171c25", "#10141b")
STEPS = 100


class Accent(NamedTuple):
    """A colour for links and buttons, and the colour of the text on it."""

    accent: str
    on: str


def light_accent(colour: str) -> Accent:
    """For pages on white: ``colour`` itself when it can be read there, else darker."""
    return _accent(colour, LIGHT_GROUNDS, ENOUGH, towards=0.0)


def dark_accent(colour: str) -> Accent:
    """For pages on nearly black: ``colour`` itself when it can be read there, else lighter."""
    return _accent(colour, DARK_GROUNDS, ENOUGH_IN_THE_DARK, towards=1.0)


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black on white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _accent(colour: str, grounds: tuple[str, ...], enough: float, *, towards: float) -> Accent:
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    shades = (
        _spelt(colorsys.hls_to_rgb(hue, lightness + (towards - lightness) * step / STEPS, saturation))
        for step in range(STEPS + 1)
    )
    found = next(shade for shade in shades if min(contrast(shade, ground) for ground in grounds) >= enough)
    return Accent(found, max(WHITE, INK, key=lambda text: contrast(found, text)))


def _luminance(colour: str) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _spelt(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)
