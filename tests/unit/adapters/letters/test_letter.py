"""What our mails say, and that nothing typed by anybody can say anything else."""

import datetime as dt
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from app.adapters.letters.address import one_line
from app.adapters.letters.html import content_id, images_of
from app.adapters.letters.letter import Letters, templates
from app.domain.mail.outbox import DueMail
from app.domain.mail.secrets import Secret
from app.domain.mail.texts import choose_texts
from app.domain.queries.letters import LetterFacts, ListedDocument, Listing, Reader
from app.domain.queries.wordings import Wording
from models import Company, MailText, StaffUser
from models.enums import DocumentKind, MailKind, TextKind, TokenPurpose

NOW = dt.datetime(2026, 11, 21, 9, 30, tzinfo=dt.UTC)
PORTAL = "https://clientes.tosma.example/in/Tosma"
HOSTILE = "<script>alert('ñ')</script> & {{ 7 * 7 }} %(company)s"


def company(**values) -> Company:
    known = {
        "id": 1, "name": "Electricidad Tosma, S.L.", "trade_name": "Electricidad Tosma", "tax_id": "B12345674",
        "address": "Calle del Telar, 8", "postcode": "46015", "city": "Valencia", "phone": "960 000 123",
        "opening_hours": "de lunes a viernes, de 9 a 14 h", "slug": "Tosma", "accent": "#1f5f8b", "email": "",
    }  # fmt: skip
    return Company(**known | values)


def document(number: int = 131, **values) -> ListedDocument:
    known = {
        "id": number, "kind": DocumentKind.INVOICE, "number": f"2026/A-{number:06d}",
        "issued_on": dt.date(2026, 11, 18), "due_on": dt.date(2026, 12, 18), "total": Decimal("1286.77"),
        "currency": "EUR", "buyer": "Bodegas Artieda",
    }  # fmt: skip
    return ListedDocument(**known | values)


def letter(kind: MailKind, *documents: ListedDocument, secret: Secret | None = None, more: int = 0, **values):
    firm = values.pop("company", None) or company()
    reader = Reader(
        id=9, email="lucia@artieda.example", password_hash="", must_change_password=False, is_told=False,
        is_active=False, has_access=True,
    )  # fmt: skip
    wording = values.pop("wording", None)
    kinds, several = {each.kind for each in documents}, len({each.buyer for each in documents}) > 1
    listing = Listing(documents, len(documents) + more, kinds.pop() if len(kinds) == 1 else None, several)
    facts = LetterFacts(
        company=firm, account=None, readers={9: reader}, listings={(5, 9): listing}, **_said(kind, wording)
    )
    known = dict.fromkeys(DueMail.__struct_fields__) | {"kind": kind, "language": "es", "batch_id": 5}
    mail = DueMail(**known | {"portal_account_id": 9, "recipient": reader.email, "recipient_name": "Lucía"} | values)
    return Letters(PORTAL, facts).write(mail, secret, NOW)


def _said(kind: MailKind, wording: Wording | None) -> dict:
    return {"wordings": {(kind, 5): wording}, "logo": "b2" * 32} if wording else {}


def own(kind: TextKind = TextKind.NOTICE, user: StaffUser | None = None, **texts: str) -> Wording:
    """What the company has written, the rest built in."""
    return Wording(choose_texts(kind, None, MailText(**{"subject": "", "body": "", "signature": ""} | texts)), user)


def link(purpose: TokenPurpose) -> Secret:
    return Secret(account_id=9, text="T0K3N", hash="", seen_hash="", purpose=purpose, expires_at=NOW)


PASSWORD = Secret(account_id=9, text="abcd-efgh-jkmn-pqrs", hash="", seen_hash="")


class Reading(HTMLParser):
    """An HTML letter as a person or a program reads it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links, self.tags, self.words = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src", "background", "action")]

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


ALL = {
    "aviso": lambda **values: letter(MailKind.NOTICE, document(), **values),
    "aviso de varias, con enlace": lambda **values: letter(
        MailKind.NOTICE, document(1), document(2), secret=link(TokenPurpose.ACTIVATE), **values
    ),
    "aviso con contraseña": lambda **values: letter(MailKind.NOTICE, document(), secret=PASSWORD, **values),
    "acceso con enlace": lambda **values: letter(MailKind.ACCESS, secret=link(TokenPurpose.ACTIVATE), **values),
    "acceso con contraseña": lambda **values: letter(MailKind.ACCESS, secret=PASSWORD, **values),
    "acceso de quien ya tiene contraseña": lambda **values: letter(MailKind.ACCESS, **values),
    "recuperación": lambda **values: letter(MailKind.RECOVERY, secret=link(TokenPurpose.RECOVER), **values),
    "prueba": lambda **values: letter(MailKind.TEST, portal_account_id=None, **values),
}


def test_a_letter_says_in_which_language_it_is():
    """Not in which its reader would like it: there is no catalogue of that one."""
    assert {letter(MailKind.TEST, language=code).html.partition("\n")[2][:16] for code in ("es", "ca")} == {
        '<html lang="es">'
    }


def test_a_notice_of_one_invoice():
    subject, text, html = letter(MailKind.NOTICE, document())

    assert subject == "Factura 2026/A-000131 de Electricidad Tosma"
    assert text == (
        "Hola, Lucía:\n\n"
        "Tiene una factura nueva en su área de cliente.\n\n"
        "- Factura 2026/A-000131, 18/11/2026: 1.286,77\u00a0€ (vence el 18/12/2026)\n\n"
        "Vea el documento y descargue su PDF aquí:\n\n"
        f"{PORTAL}/facturas/131\n\n"
        "¿No esperaba este correo o ve algo que no cuadra? Responda a este mensaje o llame al 960 000 123 "
        "(de lunes a viernes, de 9 a 14 h).\n\n"
        "-- \n"
        "Electricidad Tosma, S.L. · NIF B12345674\n"
        "Calle del Telar, 8, 46015 Valencia\n"
    )
    assert Reading(html).links == [f"{PORTAL}/facturas/131"] * 2 + ["tel:960000123"]


def test_a_notice_of_five_thousand_lists_twenty():
    subject, text, html = letter(MailKind.NOTICE, *map(document, range(1, 21)), more=4980)

    assert subject == "5.000 facturas nuevas de Electricidad Tosma"
    assert text.count("- Factura ") == 20
    assert "\ny 4.980 más\n" in text
    assert "y 4.980 más" in Reading(html).text
    assert f"\n{PORTAL}/facturas\n" in text


def of(kind: DocumentKind, *numbers: int) -> tuple[ListedDocument, ...]:
    return tuple(document(number, kind=kind) for number in numbers or (131,))


@pytest.mark.parametrize(("documents", "subject"), [
    (of(DocumentKind.QUOTE), "Presupuesto 2026/A-000131 de Electricidad Tosma"),
    (of(DocumentKind.QUOTE, 1, 2), "2 presupuestos nuevos de Electricidad Tosma"),
    (of(DocumentKind.INVOICE, 1, 2), "2 facturas nuevas de Electricidad Tosma"),
    (of(DocumentKind.DELIVERY_NOTE, 1, 2), "2 albaranes nuevos de Electricidad Tosma"),
    (of(DocumentKind.INVOICE, 1) + of(DocumentKind.QUOTE, 2), "2 documentos nuevos de Electricidad Tosma"),
])  # fmt: skip
def test_the_subject_says_what_is_new(documents, subject):
    assert letter(MailKind.NOTICE, *documents).subject == subject


@pytest.mark.parametrize(("kind", "news", "where"), [
    (DocumentKind.QUOTE, "un presupuesto nuevo en su área de cliente", "presupuestos"),
    (DocumentKind.SALES_ORDER, "un pedido nuevo en su área de cliente", "pedidos"),
    (DocumentKind.WORK_ORDER, "un parte de trabajo nuevo en su área de cliente", "partes"),
    (DocumentKind.DELIVERY_NOTE, "un albarán nuevo en su área de cliente", "albaranes"),
    (DocumentKind.PROFORMA, "una factura proforma nueva en su área de cliente", "proformas"),
    (DocumentKind.PURCHASE_ORDER, "un pedido de compra nuevo en su área de proveedor", "pedidos-compra"),
])  # fmt: skip
def test_each_kind_is_told_in_its_gender_and_leads_to_its_place(kind, news, where):
    one, several = letter(MailKind.NOTICE, *of(kind)), letter(MailKind.NOTICE, *of(kind, 1, 2))

    assert f"\nTiene {news}.\n" in one.text
    assert f"\n{PORTAL}/{where}/131\n" in one.text
    assert f"\n{PORTAL}/{where}\n" in several.text
    assert Reading(several.html).links[:3] == [f"{PORTAL}/{where}{end}" for end in ("/1", "/2", "")]


def test_several_kinds_lead_to_the_front_page():
    mixed = letter(MailKind.NOTICE, *of(DocumentKind.INVOICE, 1), *of(DocumentKind.QUOTE, 2))

    assert "\nTiene 2 documentos nuevos en su área de cliente.\n" in mixed.text
    assert f"\n{PORTAL}\n" in mixed.text
    assert Reading(mixed.html).links[2] == PORTAL


@pytest.mark.parametrize(("kind", "told"), [
    (DocumentKind.INVOICE, "vence el 18/12/2026"),
    (DocumentKind.QUOTE, "válido hasta el 18/12/2026"),
    (DocumentKind.SALES_ORDER, "entrega prevista el 18/12/2026"),
    (DocumentKind.WORK_ORDER, "previsto para el 18/12/2026"),
    (DocumentKind.PROFORMA, "válida hasta el 18/12/2026"),
    (DocumentKind.PURCHASE_ORDER, "entrega prevista el 18/12/2026"),
])  # fmt: skip
def test_its_day_is_told_as_what_it_is(kind, told):
    _, text, html = letter(MailKind.NOTICE, *of(kind))

    assert f"({told})" in text
    assert told in Reading(html).text
    assert "(" not in letter(MailKind.NOTICE, document(kind=kind, due_on=None)).text.partition("Vea")[0]


def test_each_line_says_whose_it_is_when_there_are_several():
    _, text, html = letter(MailKind.NOTICE, document(1, buyer="Bodegas Artieda"), document(2, buyer="Óptica Vega"))

    assert text.count(", Bodegas Artieda\n") == text.count(", Óptica Vega\n") == 1
    assert "Óptica Vega" in Reading(html).text


def test_a_first_notice_leads_to_choosing_a_password():
    _, text, html = ALL["aviso de varias, con enlace"]()

    assert "El enlace sirve una sola vez, hasta el 21/11/2026, 10:30:" in text
    assert f"\n{PORTAL}/activar/T0K3N\n" in text
    assert Reading(html).links.count(f"{PORTAL}/activar/T0K3N") == 1


def test_recovering_says_that_nothing_changes_by_itself():
    subject, text, html = ALL["recuperación"]()

    assert subject == "Su contraseña del área de cliente de Electricidad Tosma"
    assert f"\n{PORTAL}/clave/T0K3N\n" in text
    assert "no haga nada: su contraseña sigue siendo la misma" in text
    assert f"{PORTAL}/clave/T0K3N" in Reading(html).links


@pytest.mark.parametrize("write", ALL.values(), ids=ALL)
def test_both_parts_tell_the_same(write):
    _, text, html = write()

    shown = Reading(html)
    for word in re.findall(r"https://\S+|lucia@artieda\.example|abcd-efgh-jkmn-pqrs|1\.286,77", text):
        assert word in shown.text or word in shown.links


@pytest.mark.parametrize("write", ALL.values(), ids=ALL)
def test_html_asks_nothing_of_anybody(write):
    shown = Reading(write().html)

    assert {link.split(":")[0] for link in shown.links} <= {"https", "tel"}
    assert all(link.startswith((PORTAL, "tel:")) for link in shown.links)
    assert not {"img", "script", "link", "form", "iframe"}.intersection(shown.tags)


@pytest.mark.parametrize("write", ALL.values(), ids=ALL)
def test_what_people_typed_stays_text(write):
    hostile = company(trade_name=HOSTILE, name=HOSTILE, address=HOSTILE, phone="960 <b>", opening_hours=HOSTILE)

    subject, text, html = write(company=hostile, recipient_name=HOSTILE)

    shown = Reading(html)
    assert one_line(subject) == subject
    assert "script" not in shown.tags
    assert "b" not in shown.tags
    assert HOSTILE in text
    assert HOSTILE in shown.text


@pytest.mark.parametrize("write", ALL.values(), ids=ALL)
def test_a_subject_too_long_to_keep_is_cut_and_says_so(write):
    subject = write(company=company(trade_name="ñ" * 200)).subject

    assert (len(subject), subject[-1]) == (200, "…")


@pytest.mark.parametrize("write", ALL.values(), ids=ALL)
def test_a_company_without_phone_or_address_and_a_reader_without_name(write):
    bare = company(trade_name="", phone="", opening_hours="", address="", postcode="", city="")

    _, text, html = write(company=bare, recipient_name="")

    assert "Responda a este mensaje.\n" in text
    assert "llame" not in text + html
    assert text.endswith("Electricidad Tosma, S.L. · NIF B12345674\n")


@pytest.mark.parametrize("write", ALL.values(), ids=ALL)
def test_people_are_addressed_as_usted(write):
    said = write().text + Reading(write().html).text

    assert re.findall(r"\b(?:tu|tus|tú|puedes|tienes|haz|entra aquí|copia|llama|responde)\b", said, re.IGNORECASE) == []


def test_a_missing_value_is_a_mistake_and_not_a_blank():
    _, text, _ = templates(MailKind.RECOVERY)

    with pytest.raises(UndefinedError):
        text.render({"name": ""})


# In the office's own words


def test_own_words_take_the_place_of_the_greeting_and_nothing_else():
    body = '<p>Estimado <b>{cliente}</b>: hay {novedades} en su {area}, <a href="{enlace}">véalo</a>.</p>'
    wording = own(subject="{documentos} ({empresa})", body=body, signature="<p>{usuario}<br>{telefono}</p>")

    subject, text, html = letter(MailKind.NOTICE, document(), wording=wording)

    assert subject == "Factura 2026/A-000131 (Electricidad Tosma)"
    assert text == (
        f"Estimado Lucía: hay una factura nueva en su área de cliente, véalo ({PORTAL}/facturas/131).\n\n"
        "- Factura 2026/A-000131, 18/11/2026: 1.286,77\u00a0€ (vence el 18/12/2026)\n\n"
        "Vea el documento y descargue su PDF aquí:\n\n"
        f"{PORTAL}/facturas/131\n\n"
        "Electricidad Tosma\n960 000 123\n\n"
        "¿No esperaba este correo o ve algo que no cuadra? Responda a este mensaje o llame al 960 000 123 "
        "(de lunes a viernes, de 9 a 14 h).\n\n"
        "-- \n"
        "Electricidad Tosma, S.L. · NIF B12345674\n"
        "Calle del Telar, 8, 46015 Valencia\n"
    )
    shown = Reading(html)
    assert "Estimado Lucía : hay una factura nueva en su área de cliente, véalo ." in shown.text
    assert "Hola" not in shown.text
    assert shown.links == [f"cid:{content_id('b2' * 32)}", *[f"{PORTAL}/facturas/131"] * 3, "tel:960000123"]
    assert images_of(html) == ("b2" * 32,)


def test_what_nobody_wrote_stays_built_in():
    built_in = letter(MailKind.NOTICE, document(), document(132))

    only_subject = letter(MailKind.NOTICE, document(), document(132), wording=own(subject="Novedades"))
    only_end = letter(MailKind.NOTICE, document(), document(132), wording=own(signature="<p>Marta</p>"))

    assert (only_subject.subject, only_subject.text) == ("Novedades", built_in.text)
    assert only_end.subject == built_in.subject == "2 facturas nuevas de Electricidad Tosma"
    assert only_end.text == built_in.text.replace("¿No esperaba", "Marta\n\n¿No esperaba")
    assert (
        Reading(only_end.html).text.partition("Hola, ")[2].replace("Marta ", "")
        == (Reading(built_in.html).text.partition("Hola, ")[2])
    )


@pytest.mark.parametrize("secret", [link(TokenPurpose.ACTIVATE), PASSWORD, None])
def test_an_access_in_own_words_still_says_how_to_enter(secret):
    wording = own(TextKind.ACCESS, body="<p>Bienvenido, {cliente}. Entre con {correo_acceso}.</p>")

    _, text, html = letter(MailKind.ACCESS, secret=secret, wording=wording)
    built_in = letter(MailKind.ACCESS, secret=secret)

    assert text.partition("\n\n")[0] == "Bienvenido, Lucía. Entre con lucia@artieda.example."
    assert text.partition("\n\n")[2] == built_in.text.partition("convenga.\n\n")[2]
    assert set(Reading(built_in.html).links) <= set(Reading(html).links)


def test_who_publishes_is_named():
    user = StaffUser(name="Marta Ruiz", email="marta@tosma.example")

    _, text, _ = letter(MailKind.NOTICE, document(), wording=own(signature="<p>{usuario}</p>", user=user))

    assert "\nMarta Ruiz\n" in text


def test_values_stay_values_in_own_words():
    wording = own(subject="{cliente}", body="<p>{cliente}</p>", signature="<p>{empresa}</p>")
    names = {"recipient_name": f"{HOSTILE} {{empresa}} 😀", "company": company(trade_name=HOSTILE)}

    subject, text, html = letter(MailKind.NOTICE, document(), wording=wording, **names)

    shown = Reading(html)
    assert subject == f"{HOSTILE} {{empresa}} 😀"
    assert text.startswith(f"{HOSTILE} {{empresa}} 😀\n\n")
    assert f"\n{HOSTILE}\n" in text
    assert "script" not in shown.tags
    assert f"{HOSTILE} {{empresa}} 😀" in shown.text


def test_a_reader_without_a_name_is_called_by_their_address():
    _, text, _ = letter(MailKind.NOTICE, document(), wording=own(body="<p>Hola, {cliente}:</p>"), recipient_name="")

    assert text.startswith("Hola, lucia@artieda.example:\n")


def test_a_composed_letter_says_just_what_it_is_given():
    facts = LetterFacts(company=company(accent="#ffee00"), account=None, logo="b2" * 32)
    body = (
        f'<p>Hola, <span class="c-rojo">Lucía</span>:</p><p><img src="/admin/mail-images/{"a1" * 32}" alt="Sello"></p>'
    )

    subject, text, html = Letters(PORTAL, facts).compose("Adjunto " + "ñ" * 300, body)

    assert subject == "Adjunto " + "ñ" * 191 + "…"
    assert text.startswith("Hola, Lucía:\n\n[Sello]\n\n¿No esperaba")
    assert text.endswith("Electricidad Tosma, S.L. · NIF B12345674\nCalle del Telar, 8, 46015 Valencia\n")
    assert images_of(html) == ("b2" * 32, "a1" * 32)
    assert '<span class="c-rojo" style="color:#a8231c">Lucía</span>' in html
    assert ".c-rojo { color: #f49a92 !important }" in html
    assert "<h1" not in html


def test_a_company_without_a_logo_signs_with_its_initial():
    facts = LetterFacts(company=company(), account=None)

    html = Letters(PORTAL, facts).compose("Hola", "<p>Hola</p>").html

    assert "img" not in Reading(html).tags
    assert ">E</td>" in html
