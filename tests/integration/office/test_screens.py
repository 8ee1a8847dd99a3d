"""The ordinary screens: articles, series, taxes, the company, users, the audit and one's own account."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from app import clock
from app.secrets import password_matches
from models import (
    AuditEntry,
    Company,
    Membership,
    Product,
    Series,
    StaffSession,
    StaffUser,
    TaxRate,
)
from models.enums import PaymentMethod, Role
from tests.factories import Make
from tests.rig.desk import renew, text_of


def only(db, model):
    renew(db)
    return db.scalars(select(model)).one()


def test_articles(desk, db):
    desk.create("product", {"code": "CB-01", "name": "Cable", "unit_price": "0,12345678", "tax_rate": "10"})
    twice = desk.create("product", {"code": "CB-01", "name": "Otro", "unit_price": "1"})

    product = only(db, Product)
    assert (product.unit_price, product.tax_rate, product.search_key) == (
        Decimal("0.12345678"),
        Decimal(10),
        "cb-01 cable",
    )
    assert (twice.status_code, "Ese código ya es de Cable." in text_of(twice)) == (422, True)
    assert 'value="0,12345678"' in desk.get(f"product/edit/{product.id}").text


def test_a_series_without_numbers_can_be_rewritten_and_one_with_numbers_cannot(desk, db, make):
    desk.create("series", {"code": "FV", "year": "2026", "first_number": "1", "name": "Ventas", "is_default": "y"})
    series = only(db, Series)
    changed = desk.change(f"series/edit/{series.id}", {"code": "FA", "first_number": "100"})
    renew(db)
    series = db.get(Series, series.id)
    after = (series.label, series.first_number, series.next_number)
    make.invoice(series=series)
    db.commit()

    renamed = desk.change(f"series/edit/{series.id}", {"name": "Otras"})
    renumbered = desk.change(f"series/edit/{series.id}", {"first_number": "1"})
    recoded = desk.change(f"series/edit/{series.id}", {"code": "ZZ"})
    repurposed = desk.change(f"series/edit/{series.id}", {"is_corrective": "y"})

    assert changed.status_code == 303
    assert after == ("FA26", 100, 100)
    assert renamed.status_code == 303
    for refused in (renumbered, recoded, repurposed):
        assert refused.status_code == 422
        assert "La serie ya ha dado números" in text_of(refused)
    renew(db)
    assert (db.get(Series, series.id).label, db.get(Series, series.id).next_number) == ("FA26", 101)


def test_one_series_of_a_kind_is_proposed(desk, db):
    for code in ("A", "B"):
        desk.create("series", {"code": code, "year": "2026", "first_number": "1", "is_default": "y"})
    twice = desk.create("series", {"code": "B", "year": "2026", "first_number": "1"})

    assert db.execute(select(Series.label, Series.is_default).order_by(Series.label)).all() == [
        ("A26", False),
        ("B26", True),
    ]
    assert "Ya hay una serie B26." in text_of(twice)


def test_series_tell_of_which_documents_they_are(desk, db):
    asked = {"year": "2026", "first_number": "1"}
    desk.create("series", asked | {"kind": "quote", "code": "P"})
    desk.create("series", asked | {"kind": "invoice", "code": "FV"})
    refused = desk.create("series", asked | {"kind": "quote", "code": "R", "is_corrective": "y"})

    everything = text_of(desk.get("series/list"))
    orders = text_of(desk.get("series/list?documento=quote"))

    assert "Solo las facturas se rectifican" in text_of(refused)
    assert re.findall(r"(P26|FV26) (Presupuestos|Facturas de venta)", everything) == [
        ("FV26", "Facturas de venta"),
        ("P26", "Presupuestos"),
    ]
    assert re.findall(r"P26|FV26", orders) == ["P26"]


def test_closing_a_series_and_opening_it_again(desk, db, make):
    series = make.series(label="FV26", is_default=True)
    db.commit()

    closed = desk.follow(desk.post(f"series/close/{series.id}"))
    shut = only(db, Series)
    state = (shut.closed_at is not None, shut.is_default)
    desk.post(f"series/close/{series.id}?abrir=1")

    assert "Serie FV26 cerrada." in text_of(closed)
    assert state == (True, False)
    assert only(db, Series).closed_at is None


def test_taxes(desk, db):
    fields = {"name": "IVA 21 %", "rate": "21", "surcharge_rate": "5,2", "valid_from": "01/09/2012", "valid_until": ""}

    saved = desk.create("tax-rate", fields)
    backwards = desk.create("tax-rate", fields | {"valid_until": "01/01/2012"})
    zero = desk.create("tax-rate", fields | {"rate": "0"})
    odd = desk.create("tax-rate", fields | {"rate": "0", "exemption": "Exenta ☕"})

    rate = only(db, TaxRate)
    assert saved.status_code == 303
    assert (rate.rate, rate.surcharge_rate, rate.valid_from.isoformat()) == (Decimal(21), Decimal("5.2"), "2012-09-01")
    assert "La fecha final es anterior a la inicial." in text_of(backwards)
    assert "Un tipo del 0 % necesita la causa" in text_of(zero)
    assert "No se puede imprimir «☕»" in text_of(odd)
    assert "21 %" in text_of(desk.get("tax-rate/list"))


def test_the_company(desk, db, company, make):
    other = make.company(tax_id="A58818501")
    db.commit()
    fields = {"address": "C/ Mayor, 1", "postcode": "28001", "city": "Madrid", "payment_method": "direct_debit"}

    opened = desk.follow(desk.get("company/list"))
    saved = desk.change(f"company/edit/{company.id}", fields | {"name": "Tosma, S.A."})
    taken = desk.change(f"company/edit/{company.id}", fields | {"tax_id": "A58818501"})
    foreign = desk.get(f"company/edit/{other.id}")

    renew(db)
    kept = db.get(Company, company.id)
    assert opened.status_code == 303
    assert saved.status_code == 303
    assert (kept.name, kept.city, kept.payment_method) == ("Tosma, S.A.", "Madrid", PaymentMethod.DIRECT_DEBIT)
    assert (taken.status_code, "Ya hay una empresa con ese NIF." in text_of(taken)) == (422, True)
    assert foreign.status_code == 404


@pytest.mark.parametrize(
    "name", ["name", "address", "postcode", "city", "province", "phone", "website", "registration"]
)
def test_what_is_printed_of_the_company_has_letters_to_print_it_with(desk, db, company, name):
    refused = desk.change(f"company/edit/{company.id}", {name: "Casa ☕"})

    assert (refused.status_code, "No se puede imprimir «☕»" in text_of(refused)) == (422, True)


def test_a_company_made_by_an_import_is_confirmed_once_complete(desk, db, company):
    row = db.get(Company, company.id)
    row.confirmed_at, row.address, row.city = None, "", ""
    db.commit()

    warned = text_of(desk.get(f"company/edit/{company.id}"))
    refused = desk.post("company/confirm")
    row = db.get(Company, company.id, populate_existing=True)
    row.address, row.city = "C/ Mayor, 1", "Madrid"
    db.commit()
    confirmed = desk.post("company/confirm")

    assert "Empresa pendiente de revisar." in warned
    assert "Antes de confirmarla, rellene la dirección y la población." in text_of(refused)
    assert "está confirmada: ya se puede publicar." in text_of(desk.follow(confirmed))
    renew(db)
    assert db.get(Company, company.id).confirmed_at is not None


def test_a_new_user_gets_a_password_shown_once(desk, db):
    page = desk.create("staff", {"name": "Leonor Prieto", "email": "LEE@tosma.example", "role": "invoicing"})

    password = re.search(r'translate="no">([a-z0-9-]+)<', page.text)[1]
    user = db.scalars(select(StaffUser).where(StaffUser.email == "lee@tosma.example")).one()
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store, private"
    assert password_matches(password, user.password_hash)
    assert [(place.role, place.ended_at) for place in user.memberships] == [(Role.INVOICING, None)]
    assert password not in str(db.scalars(select(AuditEntry.changes)).all())


def test_somebody_of_another_company_keeps_their_password(desk, db, system_db, make):
    other = make.company()
    db.commit()
    known = Make(system_db, other).user(email="lee@tosma.example", password_hash="la suya")
    system_db.commit()

    answer = desk.create("staff", {"name": "Otra", "email": "lee@tosma.example", "role": "reader"})

    assert "Ya tenía cuenta en Ventanilla" in text_of(desk.follow(answer))
    system_db.rollback()
    assert (known.password_hash, known.name) == ("la suya", "Marta Ruiz Ortega")


def test_roles_change_but_the_last_administrator_stays(desk, db, make):
    me = db.scalars(select(Membership)).one()
    clerk = make.user(Role.INVOICING)
    db.commit()
    place = clerk.memberships[0]

    raised = desk.follow(desk.change(f"staff/edit/{place.id}", {"role": "manager"}))
    alone = desk.change(f"staff/edit/{me.id}", {"role": "reader"})
    leaving = desk.post(f"staff/end/{me.id}")

    assert "Permisos cambiados." in text_of(raised)
    for refused in (alone, leaving):
        assert (refused.status_code, "Es el único administrador" in text_of(refused)) == (409, True)
    renew(db)
    assert {row.role for row in db.scalars(select(Membership))} == {Role.ADMINISTRATOR, Role.MANAGER}


def test_who_leaves_is_out_at_once(desk, sit, db):
    clerk = sit(Role.INVOICING)
    place = db.scalars(select(Membership).where(Membership.role == Role.INVOICING)).one()

    done = desk.post(f"staff/end/{place.id}")

    assert "ya no puede entrar en esta empresa." in text_of(desk.follow(done))
    assert clerk.get("invoice/list").status_code == 303
    assert "Baja" in text_of(desk.get("staff/list", estado="baja"))


def test_another_password_ends_the_sessions_it_replaces(desk, sit, db):
    clerk = sit(Role.INVOICING)
    place = db.scalars(select(Membership).where(Membership.role == Role.INVOICING)).one()
    renew(db)

    page = desk.post(f"staff/new-password/{place.id}")
    renew(db)

    password = re.search(r'translate="no">([a-z0-9-]+)<', page.text)[1]
    user = db.get(StaffUser, place.user_id)
    assert password_matches(password, user.password_hash)
    assert clerk.get("invoice/list").status_code == 303
    assert desk.get("invoice/list").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("staff/create", {"name": "Otra", "email": "otra@tosma.example", "role": "administrator"}),
        ("staff/edit/{clerk}", {"role": "administrator"}),
        ("staff/new-password/{clerk}", {}),
        ("mail-account/delete", {}),
        ("mail-account/dkim/delete", {}),
    ],
)
def test_who_gave_their_password_long_ago_gives_it_before_others_get_in_or_mail_stops(desk, db, make, path, fields):
    clerk, account = make.user(Role.INVOICING), make.mail_account(dkim_domain="tosma.example", sealed_dkim_key="x")
    db.commit()
    db.execute(update(StaffSession).values(created_at=clock.now() - dt.timedelta(minutes=16)))
    db.commit()

    refused = desk.post(path.format(clerk=clerk.memberships[0].id), fields)

    assert refused.status_code == 422
    assert "Para cambiar esto, escriba su contraseña de Ventanilla." in text_of(refused)
    assert 'name="current"' in refused.text
    renew(db)
    assert [row.role for row in db.scalars(select(Membership).order_by(Membership.id))][1:] == [Role.INVOICING]
    assert db.get(type(account), account.id).sealed_dkim_key == "x"


def test_nobody_sets_the_password_of_who_also_works_elsewhere(desk, db, system_db, make):
    other = make.company()
    clerk = make.user(Role.INVOICING, password_hash="la suya")
    db.commit()
    system_db.add(Membership(company_id=other.id, user_id=clerk.id, role=Role.READER))
    system_db.commit()

    refused = desk.post(f"staff/new-password/{clerk.memberships[0].id}")

    assert refused.status_code == 409
    assert "trabaja también en otra empresa que usted no administra" in text_of(refused)
    renew(db)
    assert db.get(StaffUser, clerk.id).password_hash == "la suya"


def test_the_audit_reads_in_spanish(desk, db, make):
    merino = make.contact(name="Instalaciones Merino, S.L.")
    db.commit()
    desk.change(f"customer/edit/{merino.id}", {"phone": "915 550 123", "payment_method": "cash"})

    listed = text_of(desk.get("audit-entry/list"))
    entry = db.scalars(select(AuditEntry)).one()
    told = text_of(desk.get(f"audit-entry/details/{entry.id}"))
    history = text_of(desk.get(f"customer/edit/{merino.id}"))

    assert (
        "Marta Ruiz Ortega Cambio Cliente o proveedor · Instalaciones Merino, S.L. forma de pago, teléfono" in listed
        or ("teléfono, forma de pago" in listed)
    )
    assert "teléfono — 915 550 123" in told
    assert "forma de pago Transferencia Efectivo" in told
    assert "Marta Ruiz Ortega cambió" in history
    assert desk.get(f"audit-entry/edit/{entry.id}").status_code in {303, 403}


def test_sessions_are_listed_and_the_others_can_be_ended(desk, db):
    user_id = db.scalars(select(StaffUser.id)).one()
    db.add(
        StaffSession(token_hash="0" * 64, user_id=user_id, seen_at=clock.now(), browser="Mozilla Firefox/140 Windows")
    )
    db.commit()

    page = text_of(desk.get("account"))
    desk.post("account/sessions")

    assert "Aquí" in page
    assert "Firefox en Windows" in page
    renew(db)
    assert [session.token_hash for session in db.scalars(select(StaffSession)) if session.ended_at] == ["0" * 64]
    assert desk.get("account").status_code == 200


@pytest.mark.parametrize(
    "page", ["customer/archive", "product/archive", "outgoing-mail/cancel", "outgoing-mail/send-again"]
)
def test_rows_that_are_not_ours_are_nothing_selected(desk, page):
    answers = desk.get(page, pks="999999"), desk.post(page, {"pks": "999999"})

    assert [answer.status_code for answer in answers] == [400, 400]
    assert all("No hay nada marcado." in text_of(answer) for answer in answers)


@pytest.mark.parametrize("page", ["series/close/999999", "series/close/uno", "document-template/archive/999999"])
def test_a_row_that_is_not_there_has_no_page(desk, page):
    assert [desk.get(page).status_code, desk.post(page).status_code] == [404, 404]
