"""Fingerprints travel through a form; runs of numbers are spelled."""

import pytest

from app.domain.previewing import Fingerprint
from app.domain.ranges import MOST_SPELT, Gaps, Run, Standing
from app.domain.selections import NumberRange
from app.errors import InvalidValue


def test_a_fingerprint_survives_the_form():
    shown = Fingerprint(100_000, 5_000_050_000, 100_000, 12, 2_000)

    assert Fingerprint.decode(shown.encode()) == shown


@pytest.mark.parametrize(
    "text",
    ["", "1.2.3.4", "1.2.3.4.5.6", "1.2.3.4.x", "1.2.3.4.-5", "１.2.3.4.5", "1.2.3.4.5\n", "1.2.3.4." + "9" * 21],
)
def test_a_fingerprint_that_is_none_is_refused(text):
    with pytest.raises(InvalidValue) as refused:
        Fingerprint.decode(text)

    assert refused.value.field == "fingerprint"


def gaps(*runs, missing):
    return Gaps(NumberRange(series_label="FV26", first=1, last=99), runs, missing, 0, 0, 0)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (gaps(missing=0), ""),
        (gaps(Run(437, 437, Standing.MISSING), missing=1), "0437"),
        (gaps(Run(437, 439, Standing.MISSING), Run(441, 441, Standing.MISSING), missing=4), "0437–0439, 0441"),
        (gaps(Run(1, 2, Standing.UNPUBLISHED), Run(3, 3, Standing.MISSING), missing=1), "0003"),
        (gaps(Run(1, 2, Standing.MISSING), missing=3), "0001–0002 y 1 número más"),
        (
            gaps(*[Run(n, n, Standing.MISSING) for n in range(2, 30, 2)], missing=1_014),
            ", ".join(f"{n:04d}" for n in range(2, 2 + 2 * MOST_SPELT, 2)) + " y 1.002 números más",
        ),
    ],
)
def test_missing_numbers_are_spelled_as_runs(told, words):
    assert told.spell(Standing.MISSING) == words
