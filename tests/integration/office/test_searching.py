"""What the search box of each list finds: without regard to accents or case, and invoices by their number."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from app import clock
from models import Membership, OutgoingMail, Publication
from models.enums import MailKind, Origin, Role
from tests.rig.desk import fields_of

ROW = re.compile(r'scope="row" class="c-no"><a href="[^"]+">([^<]+)</a>')
TYPED = ("ÁNGELA núñez", "angela nunez", "ÁNGELA NÚÑEZ", "Ángela Núñez", "gela nú")


def rows(page):
    return ROW.findall(page.text)


def mail(subject, **values):
    return OutgoingMail(
        kind=MailKind.NOTICE, recipient="a@b.example", dedup_key=subject, due_at=clock.now(), subject=subject, **values
    )


@pytest.fixture
def screens(make, db):
    """Something that speaks of Ángela Núñez on every screen with few rows, and something that does not."""
    user = make.user(Role.READER, name="Ángela Núñez Óbolo")
    make.series(name="Ventas de Ángela Núñez")
    make.series(name="Ventas de ÁNGELO NUÑO")
    make.tax(name="IVA de ÁNGELA NÚÑEZ")
    make.tax("10")
    make.template().template.name = "La de Ángela Núñez"
    make.template(is_default=False)
    make.batch(selection="Facturas de ÁNGELA NÚÑEZ")
    make.batch(user_id=user.id)
    make.batch()
    make.account(make.contact(), name="Ángela Núñez")
    make.account(make.contact())
    db.commit()
    return {"series": 1, "tax-rate": 1, "document-template": 1, "batch": 2, "access": 1, "staff": 1}


def test_screens_find_names_however_they_are_typed(desk, screens):
    for typed in TYPED:
        assert {screen: len(rows(desk.get(f"{screen}/list", buscar=typed))) for screen in screens} == screens
    assert [rows(desk.get(f"{screen}/list", buscar="angela%")) for screen in screens] == [[]] * len(screens)


def test_the_audit_finds_who_and_what_however_they_are_typed(desk, db):
    db.scalars(select(Membership)).one().user.name = "Óscar Íñiguez"
    db.commit()
    desk.create("customer", {"code": "77", "name": "ÁNGELA NÚÑEZ, S.L.", "payment_days": "30"})

    found = {
        typed: len(rows(desk.get("audit-entry/list", buscar=typed))) for typed in ("angela nuñez", "OSCAR iñi", "x")
    }

    assert found == {"angela nuñez": 1, "OSCAR iñi": 1, "x": 0}


def test_mails_are_found_by_their_subject_once_written(desk, db):
    db.add_all([mail("Factura de Ángela Núñez", search_key="factura de angela nunez"), mail("Otra cosa")])
    db.commit()

    for typed in TYPED:
        assert len(rows(desk.get("outgoing-mail/list", buscar=typed))) == 1


@pytest.fixture
def numbered(make, db):
    """Invoices whose number is 7412 in one way or another, and some where it is not."""
    series, contact = make.series(label="FV26"), make.contact()
    own = make.invoice(series=series, contact=contact, number=7412)
    priced, *_others = [make.invoice(series=series, contact=contact, number=number) for number in (412, 17412, 74121)]
    make.rewrite(priced, total=Decimal(7412))
    imported = make.invoice(series=series, contact=contact, number=9, origin=Origin.IMPORTED)
    number = {"number": None, "number_text": "A/2024/7412", "sort_number": 7412}
    make.rewrite(imported, series_id=None, series_label="A", **number)
    printed = make.invoice(series=series, contact=contact, number=10)
    make.rewrite(printed, number_text="7412-BIS")
    db.commit()
    return {
        "7412": [own, imported, printed, priced],
        "07412": [own, imported, priced],
        "7412-": [printed],
        "412": [priced],
        "74122": [],
    }


def test_a_number_is_found_by_its_digits_alone(desk, numbered):
    found = {typed: sorted(rows(desk.get("invoice/list", buscar=typed))) for typed in numbered}

    assert found == {typed: sorted(invoice.number_text for invoice in invoices) for typed, invoices in numbered.items()}


def test_what_a_number_finds_can_be_published(desk, db, make, numbered):
    make.template()
    db.commit()

    desk.post("invoice/publish", fields_of(desk.get("invoice/publish", scope="filter", q="buscar=07412")))

    assert sorted(db.scalars(select(Publication.document_id))) == sorted(invoice.id for invoice in numbered["07412"])


@pytest.mark.parametrize("screen", ["invoice", "customer", "batch", "waiting-mail", "audit-entry"])
@pytest.mark.parametrize(
    "place", ['["\\ud800",1]', '["2026-01-01",1]', '["x",1]', "[" * 900, "[1,2]", '{"a":1}', "\x00"]
)
def test_a_place_that_makes_no_sense_is_the_first(desk, screen, place):
    answers = [desk.get(f"{screen}/list", **{parameter: place}) for parameter in ("tras", "antes")]

    assert [answer.status_code for answer in answers] == [200, 200]
