"""Texts of mails: the user's, the company's, the built-in ones; and what their variables stand for."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import select

from app.domain.mail.built_in_texts import built_in_texts
from app.domain.mail.texts import DOCUMENTS, SaveMailText, Source, save_mail_text, texts_for, written_kinds
from app.domain.mail.values import document_values
from app.domain.mail.variables import VARIABLES, fill_html, fill_line
from app.errors import InvalidValue
from app.scope import Actor, CompanyScope
from models import AuditEntry, Company, MailText, StoredFile
from models.enums import DocumentKind, TextKind

INVOICE, QUOTE = TextKind.INVOICE, TextKind.QUOTE
PORTAL = "https://clientes.tosma.example/in/Tosma"
TODAY = dt.date(2026, 11, 21)


def save(db, kind=INVOICE, user=None, **texts):
    written = {"subject": "", "body": "", "signature": ""} | texts
    return save_mail_text(db, SaveMailText(kind=kind, user_id=user.id if user else None, **written))


def told(db, kind=INVOICE, user=None):
    texts = texts_for(db, kind, user.id if user else None)
    return [(one.text, one.source) for one in (texts.subject, texts.body, texts.signature)]


def rows(db):
    return db.execute(select(MailText.user_id, MailText.kind, MailText.subject).order_by(MailText.id)).all()


def test_each_text_is_the_first_there_is(db, make):
    user, other = make.user(), make.user()
    save(db, user=user, subject="De Marta: {numero}")
    save(db, subject="De Tosma: {numero}", signature="<p>Tosma</p>")
    last = built_in_texts(INVOICE)

    assert told(db, user=user) == [
        ("De Marta: {numero}", Source.USER),
        (last.body, Source.BUILT_IN),
        ("<p>Tosma</p>", Source.COMPANY),
    ]
    assert (
        told(db, user=other)
        == told(db)
        == [
            ("De Tosma: {numero}", Source.COMPANY),
            (last.body, Source.BUILT_IN),
            ("<p>Tosma</p>", Source.COMPANY),
        ]
    )
    assert told(db, QUOTE, user)[0] == ("Adjunto {documento} {serie} {numero} de {empresa}", Source.BUILT_IN)
    assert texts_for(db, INVOICE, user.id).letter == last.body + "<p>Tosma</p>"


def test_saving_again_replaces_and_saving_nothing_forgets(db, make):
    user = make.user()
    save(db, user=user, subject="Uno")
    save(db, user=user, subject="Dos")
    before = rows(db)

    save(db, user=user)

    assert before == [(user.id, INVOICE, "Dos")]
    assert rows(db) == []
    assert written_kinds(db, user.id) == set()


def test_a_signature_can_become_that_of_every_document(db, make):
    user = make.user()
    save(db, QUOTE, user, subject="El mío")

    saved = save(db, user=user, body="<p>Hola</p>", signature="<p>Un saludo, {usuario}</p>", signs_all=True)

    assert str(saved) == "Textos guardados. La firma es ahora la de todos los documentos."
    assert {told(db, kind, user)[2] for kind in DOCUMENTS} == {("<p>Un saludo, {usuario}</p>", Source.USER)}
    assert told(db, QUOTE, user)[0] == ("El mío", Source.USER)
    assert told(db, TextKind.NOTICE, user)[2][1] is Source.BUILT_IN
    assert len(rows(db)) == len(DOCUMENTS)


def test_a_signature_that_does_not_suit_every_document_changes_nothing(db):
    with pytest.raises(InvalidValue, match=r"No existe la variable \{pendiente\}") as refused:
        save(db, signature="<p>{pendiente}</p>", signs_all=True)

    db.rollback()
    assert (refused.value.field, rows(db)) == ("signature", [])


@pytest.mark.parametrize(("field", "text"), [
    ("subject", "{x.__class__}"),
    ("subject", "Hola\r\nBcc: x@malo.example"),
    ("subject", "x" * 201),
    ("body", "<p>{{7*7}}</p>"),
    ("signature", "<p>{novedades}</p>"),
])  # fmt: skip
def test_what_cannot_be_said_is_refused_beside_its_field(db, field, text):
    with pytest.raises(InvalidValue) as refused:
        save(db, **{field: text})

    assert refused.value.field == field
    assert rows(db) == []


def test_only_pictures_of_the_company_may_be_shown(db, make, system_db):
    def picture(company_id, sha, media_type="image/png"):
        file = StoredFile(company_id=company_id, sha256=sha, size=1, media_type=media_type, name="logo.png")
        system_db.add(file)
        system_db.commit()
        return f'<p><img src="/admin/mail-images/{sha}" alt=""></p>'

    stranger = Company(name="Otra", tax_id="B1", slug="otra", slug_key="otra", short_code="otra")
    system_db.add(stranger)
    system_db.flush()
    mine, theirs = picture(make.home.id, "a" * 64), picture(stranger.id, "b" * 64)
    paper = picture(make.home.id, "c" * 64, "application/pdf")

    save(db, body=mine)

    for wrong in (theirs, paper, mine.replace("a" * 64, "d" * 64)):
        with pytest.raises(InvalidValue, match="ya no existe"):
            save(db, signature=wrong)
    assert told(db)[1] == (mine, Source.COMPANY)


def test_another_company_has_its_own(db, make, make_session, system_db):
    user = make.user()
    save(db, user=user, subject="Mío")
    save(db, subject="De Tosma")
    db.commit()
    other = Company(name="Otra", tax_id="B1", slug="otra", slug_key="otra", short_code="otra")
    system_db.add(other)
    system_db.commit()

    with make_session(scope=CompanyScope(other.id)) as theirs:
        found = told(theirs, user=user)

    assert [source for _text, source in found] == [Source.BUILT_IN] * 3


def test_two_who_save_at_once_leave_one_row(database, db, company):
    barrier = Barrier(2)

    def one(subject):
        barrier.wait()
        return database.run(CompanyScope(company.id), lambda db: save(db, subject=subject), Actor("Marta"))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, ("Uno", "Dos")))

    assert len(rows(db)) == 1


def test_the_audit_tells_what_was_changed(database, db, company):
    database.run(CompanyScope(company.id), lambda db: save(db, subject="Uno"), Actor("Marta"))
    database.run(CompanyScope(company.id), lambda db: save(db, subject="Dos"), Actor("Marta"))

    entries = db.scalars(select(AuditEntry).order_by(AuditEntry.position)).all()
    assert [(entry.action, entry.entity, entry.label) for entry in entries] == [
        ("create", "mail_texts", "invoice"),
        ("change", "mail_texts", "invoice"),
    ]
    assert entries[1].changes == {"subject": ["Uno", "Dos"]}


# What variables stand for


def values(make, *documents, user=None):
    return document_values(documents, company=make.home, user=user, portal=PORTAL, today=TODAY)


def test_values_of_one_invoice(make):
    contact = make.contact(name="Instalaciones Merino, S.L.")
    invoice = make.invoice(
        contact=contact, series=make.series(label="FV26", next_number=446), issued_on=dt.date(2026, 10, 1),
        subject="Reforma del local",
    )  # fmt: skip

    assert values(make, invoice, user=make.user()) == {
        "documento": "Factura",
        "el_documento": "la factura",
        "serie": "FV26",
        "numero": "0446",
        "referencia": "FV26-0446",
        "fecha": "01/10/2026",
        "vencimiento": "31/10/2026",
        "base": "100,00\u00a0€",
        "total": "121,00\u00a0€",
        "pendiente": "121,00\u00a0€",
        "asunto": "Reforma del local",
        "cliente": "Instalaciones Merino, S.L.",
        "proveedor": "Instalaciones Merino, S.L.",
        "enlace": f"{PORTAL}/facturas/{invoice.id}",
        "dias": "21",
        "empresa": "Suministros Tosma, S.L.",
        "telefono": "",
        "correo": "",
        "usuario": "Marta Ruiz Ortega",
        "intranet": PORTAL,
    }


def test_values_of_several_tell_of_all_of_them(make):
    contact = make.contact()
    invoices = [make.invoice(contact=contact, number_text=f"FV26-{n:04d}", number=n) for n in range(1, 8)]

    few, many = values(make, *invoices[:2]), values(make, *invoices)

    assert [few[name] for name in ("documento", "el_documento", "serie", "numero", "total", "enlace")] == [
        "Facturas", "las facturas", "FV26", "0001 y 0002", "242,00\u00a0€", f"{PORTAL}/facturas",
    ]  # fmt: skip
    assert many["referencia"] == "FV26-0001, FV26-0002, FV26-0003, FV26-0004 y 3 más"


def test_totals_of_two_currencies_do_not_mix(make):
    contact = make.contact()
    found = values(make, make.invoice(contact=contact), make.invoice(contact=contact, currency="USD"))

    assert found["total"] == "121,00\u00a0€ + 121,00\u00a0USD"


def test_an_imported_number_stays_as_it_came(make):
    invoice = make.invoice(number_text="2026/A-000131", series=make.series(label="A"), number=131)
    bare = make.invoice(number_text="131", number=7)
    bare.series_label = ""

    assert [(values(make, one)["serie"], values(make, one)["numero"]) for one in (invoice, bare)] == [
        ("A", "2026/A-000131"),
        ("", "131"),
    ]
    assert (
        fill_line(built_in_texts(INVOICE).subject, values(make, bare))
        == "Adjunto Factura 131 de Suministros Tosma, S.L."
    )


@pytest.mark.parametrize("kind", DocumentKind)
def test_every_variable_of_a_kind_stands_for_something(make, kind):
    found = values(make, make.document(kind))

    assert {variable.name for variable in VARIABLES[TextKind(kind)]} <= set(found)
    for text in built_in_texts(TextKind(kind)):
        assert "{" not in fill_html(text, found)


def test_without_a_user_the_company_signs(make):
    assert values(make, make.invoice())["usuario"] == "Suministros Tosma, S.L."


def test_what_is_paid_is_not_outstanding(make):
    invoice = make.invoice()
    make.rewrite(invoice, collected=Decimal("21.00"))

    assert values(make, invoice)["pendiente"] == "100,00\u00a0€"
