"""The form of an invoice as a browser without JavaScript sends it."""

from typing import Any

import lxml.html
from sqlalchemy import func, select

from app.scope import ScopedSession
from models import Invoice
from tests.rig.desk import Desk


def fields_of_sheet(page: Any) -> dict[str, str]:
    """What the form would post as it stands, with what was agreed to; rows kept for scripts are not in it."""
    html = lxml.html.fromstring(page.text)
    form = html.get_element_by_id("document")
    found = {name: value for name, value in form.form_values() if "__row__" not in name}
    for text in form.iterfind(".//textarea"):  # a browser drops the line break it begins with
        if text.name in found:
            found[text.name] = found[text.name].removeprefix("\n")
    found |= {field.get("name"): field.get("value") for field in html.xpath("//input[@form='document']")}
    return {name: value for name, value in found.items() if name not in {"csrf", "company"}}


def sums_of_sheet(page: Any) -> dict[str, str]:
    """The totals as they read, without their spaces of width."""
    html = lxml.html.fromstring(page.text)
    terms, amounts = html.xpath("//dl[@data-sums]/dt"), html.xpath("//dl[@data-sums]/dd")
    return {
        term.text_content(): amount.text_content().replace("\u00a0", " ")
        for term, amount in zip(terms, amounts, strict=True)
    }


def errors_of_sheet(page: Any) -> dict[str, str]:
    """Control by control, what stands beneath it as wrong."""
    html = lxml.html.fromstring(page.text)
    wrong = html.xpath("//*[contains(concat(' ', @class, ' '), ' v-hint t bad ')][@id]")
    return {hint.get("id").removesuffix("-hint"): hint.text_content().strip() for hint in wrong}


def typed(desk: Desk, **values: str) -> dict[str, str]:
    """A new invoice for Merino with one line of 100,00, and whatever else is typed."""
    line = {"lines-0-concept": "Cuadro eléctrico", "lines-0-unit_price": "100"}
    return fields_of_sheet(desk.get("invoice/create")) | {"contact": "Merino", "do": "save"} | line | values


def only(db: ScopedSession) -> Invoice:
    """The only invoice there is, as others have left it."""
    db.rollback()
    return db.scalars(select(Invoice)).one()


def count(db: ScopedSession) -> int:
    db.rollback()
    return db.scalar(select(func.count(Invoice.id))) or 0
