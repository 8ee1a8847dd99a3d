"""What documents sent by mail bring with them: their PDFs, other files, pictures, links."""

import io

import pytest
from pypdf import PdfReader

from app.domain.mail.enclosures import NewFile
from app.rendering import publication_pdf
from app.scope import CompanyScope
from models import Attachment
from models.enums import DocumentKind, MailStatus, Origin
from tests.integration.domain.mail.sending import LUCIA, PORTAL, by_customer, ticked, wishes
from tests.integration.mail.arrivals import arrived, body_of, files_of, kept, now, parsed

PIXEL = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xff\xff?\0\5\xfe"
    b"\2\xfeA\xe2!\xbc\0\0\0\0IEND\xaeB`\x82"
)


def test_other_files_go_with_it_under_their_own_names(post, sink, mail_out, invoice):
    names = ("Año 2026 — niños & cía.txt", "../../etc/passwd", "informe.txt", "informe.txt", "📎 planos.pdf")
    files = tuple(kept(post, name, f"{number} ñ".encode(), "text/plain") for number, name in enumerate(names))
    mail_out(wishes(invoice, to=(LUCIA,)), files=files)

    post.send()

    assert list(files_of(sink.received[0].content))[1:] == [
        "Año 2026 — niños & cía.txt",
        "passwd",
        "informe.txt",
        "informe (2).txt",
        "📎 planos.pdf",
    ]


def test_values_that_look_like_variables_or_tags_stay_what_they_are(post, sink, mail_out, make):
    contact = make.contact(name="{empresa} <b>& Cía</b> {{7*7}}")
    mail_out(wishes(make.invoice(contact=contact)), subject="De {cliente}", body="<p>{cliente}</p>")

    post.send()

    content = sink.received[0].content
    assert parsed(content)["Subject"] == "De {empresa} <b>& Cía</b> {{7*7}}"
    assert "<p" in body_of(content, "html")
    assert "{empresa} &lt;b&gt;&amp; Cía&lt;/b&gt; {{7*7}}" in body_of(content, "html")
    assert "{empresa} <b>& Cía</b> {{7*7}}" in body_of(content, "plain")


def test_a_subject_too_long_to_keep_is_cut_and_says_so(post, sink, mail_out, make):
    mail_out(wishes(make.invoice(contact=make.contact(name="ñ" * 200))), subject="De {cliente}")

    post.send()

    assert parsed(sink.received[0].content)["Subject"] == f"De {'ñ' * 196}…"


def test_pictures_travel_inside_the_mail(post, sink, mail_out, invoice):
    picture = kept(post, "logo.png", PIXEL, "image/png")
    post.make._add(post.installation.storage.keep(post.company.id, PIXEL, name="logo.png", media_type="image/png"))
    body = f'<p>Hola</p><p><img src="/admin/mail-images/{picture.sha256}" alt="Nuestro logo"></p>'
    mail_out(wishes(invoice, to=(LUCIA,)), body=body)

    post.send()

    message = parsed(sink.received[0].content)
    (inside,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert inside.get_content() == PIXEL
    assert f'src="cid:{inside["Content-ID"].strip("<>")}"' in body_of(sink.received[0].content, "html")


def test_links_instead_of_files(post, sink, mail_out, make, merino):
    shown = make.published_invoice(contact=merino)
    make.db.commit()
    mail_out(wishes(shown, has_links=True))

    post.send()

    content = sink.received[0].content
    assert files_of(content) == {}
    assert f"{PORTAL}/facturas/{shown.id}" in body_of(content, "plain")
    assert f'href="{PORTAL}/facturas/{shown.id}"' in body_of(content, "html")


@pytest.mark.parametrize("kind", list(DocumentKind))
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_kind_of_document_can_be_sent(post, sink, mail_out, make, kind):
    document = make.document(kind)
    mail_out(wishes(selection=ticked(document, kind=kind)), body="<p>{el_documento} {numero}</p>")

    post.send()

    ((name, content),) = files_of(sink.received[0].content).items()
    assert name.endswith(f"-{document}.pdf")
    assert str(document) in PdfReader(io.BytesIO(content)).pages[0].extract_text()


def test_what_is_published_goes_as_it_was_published(post, sink, mail_out, make, invoice):
    publication = make.publication(invoice, version=make.template(is_default=False))
    make.db.commit()
    shown = publication_pdf(post.installation, CompanyScope(post.company.id), publication.id)
    mail_out(wishes(invoice))

    post.send()

    assert list(files_of(sink.received[0].content).values()) == [shown.content]


def test_an_imported_one_goes_as_it_came(post, sink, mail_out, make, merino):
    imported = make.invoice(contact=merino, origin=Origin.IMPORTED, number_text="A/2026-17")
    row = post.installation.storage.keep(
        post.company.id, b"%PDF-1.4 el suyo", name="A.pdf", media_type="application/pdf"
    )
    make._add(row)
    make._add(Attachment(document_id=imported.id, file_id=row.id, is_customer_pdf=True))
    mail_out(wishes(imported))

    post.send()

    assert files_of(sink.received[0].content) == {"Factura-A-2026-17.pdf": b"%PDF-1.4 el suyo"}


def test_all_of_a_customer_arrives_in_one_mail(post, sink, mail_out, make, merino):
    invoices = [make.invoice(contact=merino) for _ in range(3)]
    mail_out(by_customer(*invoices))

    post.send()

    (received,) = sink.received
    assert list(files_of(received.content)) == [f"Factura-{invoice}.pdf" for invoice in invoices]
    assert parsed(received.content)["Subject"] == "Adjunto Facturas FV26-0001, FV26-0002 y FV26-0003"


def test_a_file_that_is_lost_fails_its_own_mail_only(post, sink, mail_out, make, merino, invoice):
    lost = NewFile(sha256="0" * 64, size=10, media_type="text/plain", name="nada.txt")
    mail_out(wishes(invoice, to=(LUCIA,)), files=(lost,))
    mail_out(wishes(make.invoice(contact=merino)), key="otra")

    post.send()

    assert arrived(sink) == [(merino.email,)]
    (failed, sent) = now(post, "status", "last_reply")
    assert (failed[0], sent[0]) == (MailStatus.FAILED, MailStatus.SENT)
    assert "Falta el archivo" in failed[1]


def test_what_turns_out_too_large_fails_and_says_so(post, sink, mail_out, invoice, monkeypatch):
    mail_out(wishes(invoice, to=(LUCIA,)))
    monkeypatch.setattr("app.mail.dispatch_messages.MOST_OCTETS", 1000)

    post.send()

    ((status, reply),) = now(post, "status", "last_reply")
    assert (status, sink.received) == (MailStatus.FAILED, [])
    assert reply.startswith("Los archivos pasan de 20 MB")
