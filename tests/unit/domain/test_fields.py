"""What a typed field becomes, whoever types it."""

import datetime as dt

import pytest

from app.adapters.formats.fields import Flaw
from app.adapters.formats.fields import tax_id as read_tax_id
from app.domain import fields
from app.domain.fields import tax_id
from app.errors import InvalidValue

TODAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    "typed",
    ["21/11/2026", "21/11/26", "21-11-26", "21.11.26", "2026-11-21", "2111", "211126", "21112026", " 21/11/26 "],
)
def test_a_day_is_typed_in_many_ways(typed):
    assert fields.day(typed, "day", today=TODAY) == dt.date(2026, 11, 21)


@pytest.mark.parametrize("typed", ["21/11", "21/11/226", "31/02/26", "211", "32/11/26", "21/13/26", "x"])
def test_what_is_no_day_is_refused(typed):
    with pytest.raises(InvalidValue):
        fields.day(typed, "day", today=TODAY)


@pytest.mark.parametrize(
    ("typed", "kept"), [("30, 60;90", "30,60,90"), ("30/60 90", "30,60,90"), (" ", "0"), ("0", "0")]
)
def test_terms_are_days_however_they_are_parted(typed, kept):
    assert fields.payment_days(typed, "payment_days") == kept


@pytest.mark.parametrize("typed", [",", "/ ;", "30,-60", "60,30", "30,30", "366", "١", ",".join(map(str, range(13)))])
def test_what_are_no_terms_is_refused(typed):
    with pytest.raises(InvalidValue):
        fields.payment_days(typed, "payment_days")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("es-b 12.345.674", "B12345674"),
        ("ES12345678Z", "12345678Z"),
        ("B\u201112345674", "B12345674"),
        ("\uff2212345674", "B12345674"),
        ("12/345/67890", "1234567890"),
        ("A&B123", "A&B123"),
        ("ÑU&010203AB1", "ÑU&010203AB1"),
        ("CHE-123.456.788", "CHE123456788"),
        ("ESTELLA0001", "ESTELLA0001"),
        ("x" * 40, "X" * 40),
        ("", ""),
    ],
)
def test_a_tax_id_is_the_same_on_screen_and_in_a_file(typed, kept):
    on_screen = tax_id(typed, "tax_id", country="PT")

    assert (on_screen, read_tax_id(typed, "el NIF")) == (kept, kept)
    assert tax_id(kept, "tax_id", country="PT") == kept


@pytest.mark.parametrize("typed", ["x", "x" * 41, "B1234<674", "١٢٣", "12€"])
def test_what_is_no_tax_id_is_refused_by_both(typed):
    with pytest.raises(InvalidValue):
        tax_id(typed, "tax_id", country="PT")
    with pytest.raises(Flaw):
        read_tax_id(typed, "el NIF")


@pytest.mark.parametrize(
    "typed", ["\u200b", "a\u200bb", "a\u2060", "Jos\ufffd", "\u200d", " \u200c ", "a\u2028Bcc: b", "a\u2029b", "a\x85b"]
)
def test_what_nobody_can_see_or_read_is_no_text(typed):
    with pytest.raises(InvalidValue):
        fields.line(typed, "name", required=True)


def test_what_joins_letters_stays_among_them():
    assert fields.line("👩\u200d🔧 taller", "name") == "👩\u200d🔧 taller"


@pytest.mark.parametrize("typed", ["---", "_-_", "ab", "a b c", "ñandú", "admin"])
def test_what_is_no_address_of_an_intranet(typed):
    with pytest.raises(InvalidValue):
        fields.slug(typed, "slug")


@pytest.mark.parametrize("typed", ["AB:" * 31 + "AB", " ab" * 32, "ab" * 32])
def test_a_fingerprint_is_read_as_people_paste_it(typed):
    assert (fields.fingerprint(typed, "imap_fingerprint"), fields.fingerprint(" ", "imap_fingerprint")) == (
        "ab" * 32,
        None,
    )


@pytest.mark.parametrize("typed", ["ab" * 31, "zz" * 32, "ab" * 33, "١" * 64])
def test_what_is_no_fingerprint_is_refused(typed):
    with pytest.raises(InvalidValue):
        fields.fingerprint(typed, "imap_fingerprint")
