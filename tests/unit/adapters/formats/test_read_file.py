"""The one door: known by content, refused with a sentence, and nothing else whatever comes in."""

import base64
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.formats import read_file
from app.domain.adding_up import FiguresDisagree, check_figures
from app.domain.foreign import FileRefused, ForeignInvoice
from tests.unit.adapters.formats.documents import SAMPLES, read, sample

CORRECTIVE = "facturae/corrective-3.2.2.xml"
CSV = b"serie;numero;fecha;cliente_nombre;iva;concepto;precio\nA;1;31/01/2026;Ana;21;Tornillo;10\n"
DECLARED = 'encoding="UTF-8"'
BODY = sample(CORRECTIVE).decode().partition("\n")[2]

NOT_WELL_FORMED = "no es un XML bien formado"
NO_DTD = "El XML declara un DTD o entidades y por seguridad no se lee."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "«f.xml» está vacío."),
        (b" \r\n\t", "«f.xml» está vacío."),
        (b"\xef\xbb\xbf", "no es Facturae, UBL ni un CSV"),
        (b"%PDF-1.7", "«f.xml» es un PDF; se leen Facturae, UBL y CSV."),
        (b"PK\x03\x04...", "«f.xml» es un ZIP o un libro de Excel; se leen Facturae, UBL y CSV."),
        (b"hola", "no es Facturae, UBL ni un CSV"),
        (b"\x00\x01\x02\x03", "no es de texto"),
        (b"{}", "no es Facturae, UBL ni un CSV"),
        (b"<", NOT_WELL_FORMED),
        (b"<a>", NOT_WELL_FORMED),
        (b"<a>\x00</a>", NOT_WELL_FORMED),
        (b"<a>&nbsp;</a>", NOT_WELL_FORMED),
        (b"<a>\xff</a>", "contiene bytes que no son texto UTF-8"),
        (b"<a/>", "es un XML que no es Facturae ni UBL: su raíz es «a»"),
        (b"<Invoice/>", "su raíz es «Invoice»"),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "en una codificación que no se admite"),
        (b'<?xml version="1.0" encoding="nada"?><a/>', "en una codificación que no se admite"),
        (b'<?xml version="1.0" encoding="utf-16"?><a/>', "en una codificación que no se admite"),
        (b"<a>" * 201 + b"</a>" * 201, "El XML anida demasiados elementos unos dentro de otros."),
        (b"<a>" * 249_999 + b"</a>" * 249_999, "El XML anida demasiados elementos unos dentro de otros."),
        (b"<a>" * 200 + b"</a>" * 200, "su raíz es «a»"),
        (b"<a>" + b"<b/>" * 500_000 + b"</a>", "demasiados elementos"),
        (b" " + b"x" * 20 * 1024 * 1024, "«f.xml» pasa de 20 MB."),
    ],
    ids=range(23),
)
def test_what_cannot_be_read_is_refused_with_a_sentence(content, sentence):
    with pytest.raises(FileRefused) as refusal:
        read_file("f.xml", content)

    assert sentence in str(refusal.value)


DTDS = (
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    '<!DOCTYPE x [<!ENTITY y "z">]>',
    '<!DOCTYPE x [<!ENTITY % y SYSTEM "file:///etc/passwd"> %y;]>',
    "<!-- nota --><?nota?>\n<!DOCTYPE x>",
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("dtd", DTDS)
def test_a_dtd_is_refused_in_any_disguise(dtd, encoding):
    with pytest.raises(FileRefused) as refusal:
        read_file("f.xml", f'<?xml version="1.0"?>\n{dtd}\n{BODY}'.encode(encoding))

    assert str(refusal.value) == NO_DTD


def test_the_word_doctype_elsewhere_harms_nobody():
    (invoice,) = read(CORRECTIVE, ("Devuelve un rollo", "<![CDATA[<!DOCTYPE html>]]> devuelto"))

    assert invoice.notes[0] == "<!DOCTYPE html> devuelto"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + sample(CORRECTIVE),
        b"\r\n \t" + sample(CORRECTIVE),
        b"\xef\xbb\xbf\n" + sample(CORRECTIVE),
        BODY.encode(),
        sample(CORRECTIVE).decode().encode("utf-16"),
        BODY.encode("utf-16-le"),
        BODY.encode("utf-16-be"),
        sample(CORRECTIVE, (DECLARED, 'encoding="ISO-8859-1"')).decode().encode("latin-1"),
        sample(CORRECTIVE, (DECLARED, "encoding='windows-1252'")).decode().encode("cp1252"),
        sample(CORRECTIVE, (DECLARED, DECLARED + ' standalone="yes"')),
    ],
    ids=["mark", "blanks", "mark and blanks", "undeclared", "16", "16 le", "16 be", "latin-1", "cp1252", "standalone"],
)
def test_encodings(content):
    assert read_file("f.xml", content) == read(CORRECTIVE)


def test_a_pdf_nearly_as_large_as_a_file_may_be():
    pdf = b"%PDF-1.4" + bytes(14 * 1024 * 1024)
    (brought,) = re.findall(r"filename=[^>]*>([^<]+)<", sample("ubl/invoice-full.xml").decode())

    (invoice,) = read("ubl/invoice-full.xml", (brought, base64.b64encode(pdf).decode()))

    assert invoice.attachment_pdf == pdf


def test_latin_1_written_by_windows():
    content = sample(CORRECTIVE, (DECLARED, 'encoding="ISO-8859-1"'), ("Devuelve un rollo", "Devuelve 5 €"))

    (invoice,) = read_file("f.xml", content.decode().encode("cp1252"))

    assert invoice.notes[0] == "Devuelve 5 €"


@pytest.mark.parametrize("name", ["f.csv", "../../../etc/passwd", "..\\..\\x.xml", "\0", "x" * 10_000, ""])
def test_the_name_decides_nothing(name):
    assert read_file(name, sample(CORRECTIVE)) == read(CORRECTIVE)
    assert len(read_file(name, CSV)) == 1


def test_a_name_is_spoken_of_without_its_folders():
    with pytest.raises(FileRefused) as refusal:
        read_file("../../../etc/passwd", b"")

    assert str(refusal.value) == "«passwd» está vacío."


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("shared/*/*.xml")), ids=lambda path: path.name)
def test_invoices_of_public_collections_are_read_and_add_up(path):
    (invoice,) = read_file(path.name, path.read_bytes())

    check_figures(invoice)
    assert isinstance(invoice, ForeignInvoice)
    assert (path.name, str(invoice.total), str(invoice.payable), invoice.currency) in {
        ("credit-note.xml", "-5084.42", "-5084.42", "EUR"),
        ("invoice-vat-irpf.xml", "5080.92", "4480.62", "EUR"),
        ("invoice-vat.xml", "5084.42", "5084.42", "EUR"),
        ("ubl-tc434-creditnote1.xml", "-100.11", "-100.11", "EUR"),
        ("ubl-tc434-example1.xml", "250.33", "250.33", "EUR"),
        ("ubl-tc434-example5.xml", "4675.00", "2337.50", "DKK"),
    }


unhurried = settings(deadline=None)


def read_or_refuse(content):
    """Anything but the refusals promised fails the test."""
    try:
        for invoice in read_file("f", content):
            if isinstance(invoice, ForeignInvoice):
                check_figures(invoice)
    except (FileRefused, FiguresDisagree):
        pass


@unhurried
@given(st.binary(max_size=400))
def test_random_bytes_only_refuse(content):
    read_or_refuse(content)


ORIGINALS = [path.read_bytes() for path in sorted(SAMPLES.glob("*/*.xml"))] + [CSV]
WORDS = [
    *(b"", b"<", b">", b"&", b"&#0;", b"&#x10FFFF;", b"\0", b"\xff", b"NaN", b"1e999", b"-", b"9" * 39, b"-0.00"),
    *(
        b"2026-02-30",
        "１".encode(),
        b"0",
        b"]]>",
        b"<!DOCTYPE x>",
        b"<!--",
        b'"',
        b";",
        b"\n",
        b"'=1+1",
        b"TotalAmount",
    ),
]


@unhurried
@given(
    st.sampled_from(ORIGINALS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(WORDS)), min_size=1, max_size=4),
)
def test_damaged_files_only_refuse(content, damages):
    for place, length, word in damages:
        at = int(place * len(content))
        content = content[:at] + word + content[at + length :]

    read_or_refuse(content)


RICH = [sample(name) for name in ("facturae/everything-3.2.2.xml", "ubl/invoice-full.xml")]


@unhurried
@given(st.sampled_from(RICH), st.integers(0, 400), st.text(max_size=60))
def test_any_text_in_any_element_only_refuses(content, place, text):
    parts = content.decode().split("</")
    at = place % (len(parts) - 1)
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    parts[at] = parts[at].rpartition(">")[0] + ">" + escaped

    read_or_refuse("</".join(parts).encode(errors="replace"))
