"""Whatever the sheet, everything is inside the page and can be read."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.pdf import Look, Party, Sheet, SheetDue, SheetLine, SheetTax
from app.adapters.pdf.ink import PAPER, colour, contrast
from app.adapters.pdf.paper import LEFT, RIGHT
from app.adapters.pdf.styles import palette
from app.adapters.pdf.writer import lay_out
from tests.unit.adapters.pdf.sheets import make_sheet

words = st.text(max_size=200)
texts = st.lists(words, max_size=12).map(tuple)
amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2)
rates = st.decimals(min_value=0, max_value=100, places=2)
days = st.dates(dt.date(1900, 1, 1), dt.date(2999, 12, 31))
parties = st.builds(Party, name=words, tax_id=words, lines=texts, contact=texts)
lines = st.builds(
    SheetLine,
    code=words,
    concept=st.text(max_size=1_000),
    quantity=st.none() | st.decimals(min_value=-(10**9), max_value=10**9, places=6),
    unit_price=st.none() | st.decimals(min_value=-(10**9), max_value=10**9, places=8),
    discount=st.none() | rates,
    tax=st.text(max_size=12),
    amount=st.none() | amounts,
)
taxes = st.builds(SheetTax, label=words, base=amounts, rate=rates, amount=amounts)
sheets = st.builds(
    Sheet,
    kind_label=words,
    reference=words,
    issued_on=days,
    seller=parties,
    buyer=parties,
    lines=st.lists(lines, max_size=12).map(tuple),
    taxes=st.lists(taxes, max_size=8).map(tuple),
    totals=st.lists(st.tuples(words, amounts), max_size=8).map(tuple),
    dues=st.lists(st.builds(SheetDue, day=days, amount=amounts, method=words, account=words), max_size=6).map(tuple),
    facts=st.lists(st.tuples(words, words), max_size=6).map(tuple),
    notes=st.text(max_size=2_000),
    mentions=texts,
    qr=st.none() | st.just("https://ejemplo.es"),
    qr_caption=words,
    look=st.builds(Look, legal_footer=words, intro=words),
)


@settings(max_examples=60, deadline=None)
@given(sheets)
def test_nothing_leaves_the_page(sheet):
    outside = [
        text
        for page in lay_out(sheet)
        for x, y, style, text in page.texts
        if x < LEFT - 0.01 or x + style.width(text) > RIGHT + 0.01 or not 30 < y < 812
    ]

    assert outside == []


@pytest.mark.parametrize("count", [0, 1, 30, 90])
def test_no_two_texts_overlap(count):
    for page in lay_out(make_sheet(count, qr="https://ejemplo.es", qr_caption="VERI*FACTU")):
        boxes = sorted((y, x, x + style.width(text), style.size, text) for x, y, style, text in page.texts)
        overlapping = [
            (one[4], other[4])
            for position, one in enumerate(boxes)
            for other in boxes[position + 1 :]
            if other[0] - one[0] < one[3] * 0.7 and one[1] < other[2] and other[1] < one[2]
        ]
        assert overlapping == []


@pytest.mark.parametrize("wanted", ["#1f5f8b", "#000000", "#ffffff", "#ffff00", "#7fffd4", "#c2410c", "#ff0000"])
def test_the_companys_colour_can_be_read(wanted):
    chosen = palette(wanted)

    assert min(contrast(chosen.accent, chosen.tint), contrast(chosen.accent, PAPER)) >= 4.5


def test_a_colour_that_can_be_read_stays_as_it_is():
    assert palette("#1f5f8b").accent == colour("#1f5f8b")


def test_a_sheet_is_made_of_exact_figures():
    (page,) = lay_out(make_sheet(totals=(("Total a pagar", Decimal("0.005")),)))

    assert "0,01\u00a0€" in [text for _, _, _, text in page.texts]
