"""What a printed document says, whatever it is given."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from msgspec.structs import replace

from app.adapters.pdf import Look, Party, SheetDue, render
from tests.unit.adapters.pdf.sheets import make_line, make_sheet, pages_of, read

WHOLE_INVOICE = """\
Electricidad Tosma, S.L.
NIF B12345674
Calle del Telar, 8
Cliente
C. P. Plaza del Olmo, 14
46003 Valencia
NIF H12345674
Factura 2026/A-000123
Fecha
27/10/2026
Vencimiento
26/11/2026
Forma de pago
Transferencia
Código Concepto Cantidad Precio € IVA Importe €
ART-001 Interruptor diferencial 40 A 4 45,00 21 % 180,00
Impuesto Base imponible Tipo Cuota
IVA 180,00 21 % 37,80
Base imponible 180,00 €
Total a pagar 217,80 €
Vencimiento Forma de pago Cuenta Importe
26/11/2026 Transferencia 217,80 €
Registro Mercantil de Valencia, hoja V-78910 Página 1 de 1"""


def test_an_invoice_reads_from_top_to_bottom():
    pages = pages_of(render(make_sheet()))

    assert [page.replace("\u00a0", " ") for page in pages] == [WHOLE_INVOICE]


def test_the_subject_stands_between_the_facts_and_the_lines():
    pages = pages_of(render(make_sheet(subject="Obra en Getafe")))

    assert [page.replace("\u00a0", " ") for page in pages] == [
        WHOLE_INVOICE.replace("\nCódigo", "\nAsunto: Obra en Getafe\nCódigo")
    ]


def test_rates_are_headed_by_their_tax():
    (page,) = pages_of(render(make_sheet(tax_heading="IGIC")))

    assert "Cantidad Precio € IGIC Importe €" in page


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Tornillo <M8> & tuerca", "Tornillo <M8> & tuerca"),
        ("<b>abierto", "<b>abierto"),
        ('<img src="/etc/hostname"/>', '<img src="/etc/hostname"/>'),
        ('<img src="http://127.0.0.1/x.png">', '<img src="http://127.0.0.1/x.png">'),
        ('<a href="javascript:alert(1)">pague</a>', '<a href="javascript:alert(1)">pague</a>'),
        ('<font color="[[[7*7]]]">rojo', '<font color="[[[7*7]]]">rojo'),
        ("(paréntesis) sin (cerrar \\ ET Q", "(paréntesis) sin (cerrar \\ ET Q"),
        ("&lt; &amp; &#65; {total} %(n)s", "&lt; &amp; &#65; {total} %(n)s"),
        ("factura\u202exe.fdp", "facturaxe.fdp"),
        ("Ace\u0301\u200bite\x00 \ufeffpuro", "Acéite puro"),
        ("tabulado\tcon\x07 campana", "tabulado con campana"),
        ("−3 €, ½, ñ, Ç, l·l, “comillas”", "−3 €, ½, ñ, Ç, l·l, “comillas”"),
        ("Café ☕ 発票 \ud800", "Café ? ?? ?"),
        ("Zażółć, Ελλάδα, Привет", "Zażółć, Ελλάδα, Привет"),
    ],
)
def test_what_was_typed_is_what_is_printed(typed, printed):
    sheet = make_sheet(
        buyer=Party(name=typed, lines=(typed,)),
        lines=(make_line(concept=typed),),
        notes=typed,
        mentions=(typed,),
        subject=typed,
        look=Look(legal_footer=typed, intro=typed),
    )

    pdf = read(render(sheet))

    text = pdf.pages[0].extract_text()
    assert text.count(printed) == 8
    assert (len(pdf.pages[0].images), "/Annots" in pdf.pages[0]) == (0, False)


@pytest.mark.parametrize("lines", [0, 1, 90, 400])
def test_every_line_is_printed_once_and_in_order(lines):
    pages = pages_of(render(make_sheet(lines)))

    codes = re.findall(r"ART-(\d+)", "\n".join(pages))
    assert codes == [f"{number:03d}" for number in range(1, lines + 1)]
    assert [page.splitlines()[-1].split("Página")[1] for page in pages] == [
        f" {number} de {len(pages)}" for number in range(1, len(pages) + 1)
    ]


def test_each_page_repeats_the_heads_and_carries_the_sum():
    first, second, third = pages_of(render(make_sheet(90)))

    in_first, in_second = first.count("ART-"), second.count("ART-")
    carried = [f"{in_first * 180:,}.00", f"{(in_first + in_second) * 180:,}.00"]
    one, two = (sum_.translate(str.maketrans(",.", ".,")) for sum_ in carried)
    assert first.splitlines()[-2] == f"Suma y sigue {one}"
    assert second.splitlines()[:3] == [
        "Electricidad Tosma, S.L. Factura 2026/A-000123",
        "Código Concepto Cantidad Precio € IVA Importe €",
        f"Suma anterior {one}",
    ]
    assert third.splitlines()[1:3] == ["Código Concepto Cantidad Precio € IVA Importe €", f"Suma anterior {two}"]
    assert "Suma y sigue" not in third


@pytest.mark.parametrize("lines", range(8, 34))
def test_the_totals_never_stand_alone(lines):
    last = pages_of(render(make_sheet(lines, dues=())))[-1]

    assert (f"ART-{lines:03d}" in last, "Total a pagar" in last) == (True, True)


def test_notes_longer_than_a_page_go_on_overleaf():
    rows = [f"renglón {number}" for number in range(1, 151)]

    pages = pages_of(render(make_sheet(notes="\n".join(rows))))

    assert (re.findall(r"renglón \d+", "\n".join(pages)), len(pages)) == (rows, 4)


def test_a_line_longer_than_a_page_keeps_its_figures_at_its_beginning():
    rows = [f"renglón {number}" for number in range(1, 151)]

    pages = pages_of(render(make_sheet(lines=(make_line(concept="\n".join(rows)),))))

    text = "\n".join(pages)
    assert re.findall(r"renglón \d+", text) == rows
    assert "ART-001 renglón 1 4 45,00 21 % 180,00" in pages[0].replace("\u00a0", " ")
    assert text.count("Suma anterior 180,00") == len(pages) - 1


def test_texts_beyond_reason_end_in_an_ellipsis():
    name = "x" * 40_000

    pages = pages_of(
        render(
            make_sheet(
                seller=Party(name=name),
                buyer=Party(name=name, lines=(name,) * 50, contact=(name,) * 50),
                reference=name,
                facts=((name, name),) * 50,
                lines=(make_line(concept=name),),
            )
        )
    )

    text = "\n".join(pages)
    assert (len(pages), 4_000 < text.count("x") < 8_000, text.count("…") > 20) == (3, True, True)
    assert "Total a pagar" in text


@pytest.mark.parametrize(
    ("changes", "heads"),
    [
        ({}, "Código Concepto Cantidad Precio € Dto. IVA Importe €"),
        ({"look": Look(columns=frozenset())}, "Concepto Cantidad Precio € Importe €"),
        ({"look": Look(columns=frozenset({"discount"}))}, "Concepto Cantidad Precio € Dto. Importe €"),
        ({"lines": (make_line(code="", discount=None, tax=""),)}, "Concepto Cantidad Precio € Importe €"),
        ({"currency": "USD"}, "Código Concepto Cantidad Precio USD Dto. IVA Importe USD"),
    ],
)
def test_columns_are_those_wanted_and_needed(changes, heads):
    values = {"lines": (make_line(discount=Decimal("12.5")),)} | changes

    (text,) = pages_of(render(make_sheet(**values)))

    assert heads in text.splitlines()


def test_figures_are_spanish():
    line = make_line(
        quantity=Decimal("1234.5"),
        unit_price=Decimal("0.12345678"),
        discount=Decimal("12.50"),
        amount=Decimal("-1234567.8"),
    )

    (text,) = pages_of(render(make_sheet(lines=(line, make_line(2), make_line(3, unit_price=Decimal("0.125"))))))

    rows = [row.replace("\u00a0", " ") for row in text.splitlines() if row.startswith("ART-")]
    assert rows == [
        "ART-001 Interruptor diferencial 40 A 1.234,5 0,12345678 12,5 % 21 % −1.234.567,80",
        "ART-002 Interruptor diferencial 40 A 4 45,0000 21 % 180,00",
        "ART-003 Interruptor diferencial 40 A 4 0,1250 21 % 180,00",
    ]


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"operation_on": dt.date(2026, 10, 27)}, ["Fecha", "27/10/2026"]),
        ({"operation_on": dt.date(2026, 10, 20)}, ["Fecha", "27/10/2026", "Fecha de operación", "20/10/2026"]),
        ({"corrects": "2026/A-000100"}, ["Fecha", "27/10/2026", "Rectifica a", "2026/A-000100"]),
        ({"currency": "USD"}, ["Fecha", "27/10/2026", "Moneda", "USD"]),
        ({"facts": (("Su pedido", "PO-7"),)}, ["Fecha", "27/10/2026", "Su pedido", "PO-7"]),
        (
            {"dues": tuple(SheetDue(day=dt.date(2026, month, 5), amount=Decimal(9)) for month in (11, 12))},
            ["Fecha", "27/10/2026"],
        ),
    ],
)
def test_the_band_shows_what_applies(changes, facts):
    (text,) = pages_of(render(make_sheet(**{"dues": ()} | changes)))

    band = text.split("2026/A-000123\n")[1].split("\nCódigo")[0]
    assert band.splitlines() == facts


@pytest.mark.parametrize("draft", [True, False])
def test_only_a_draft_is_stamped_on_every_page(draft):
    pages = pages_of(render(make_sheet(40, draft=draft)))

    assert [page.startswith("BORRADOR\n") for page in pages] == [draft] * 2


def test_the_file_says_what_it_is():
    pdf = read(render(make_sheet(seller=Party(name="Żabka <S.L.>"))))

    assert (pdf.metadata.title, pdf.metadata.author, pdf.metadata.subject) == (
        "Factura 2026/A-000123",
        "Żabka <S.L.>",
        "Factura 2026/A-000123 para C. P. Plaza del Olmo, 14",
    )
    assert (pdf.metadata.creator, pdf.metadata.creation_date.date()) == (
        "Ventanilla, plantilla 1",
        dt.date(2026, 10, 27),
    )
    assert pdf.trailer["/Root"]["/Lang"] == "es-ES"


SINGLE_BYTE = make_sheet(40)
SUBSETTING = make_sheet(40, buyer=replace(SINGLE_BYTE.buyer, name="Zażółć Ελλάδα"))


@pytest.mark.parametrize("sheet", [SINGLE_BYTE, SUBSETTING], ids=["single-byte", "subsetting"])
def test_all_type_is_embedded(sheet):
    fonts = {
        str(font["/BaseFont"]): "/FontFile2" in font["/FontDescriptor"]
        for page in read(render(sheet)).pages
        for font in (reference.get_object() for reference in page["/Resources"]["/Font"].values())
    }

    assert {name.split("+")[1] for name in fonts} == {"OpenSans-Regular", "OpenSans-SemiBold"}
    assert set(fonts.values()) == {True}


def test_both_ways_of_embedding_lay_out_alike():
    single, subset = (" ".join(pages_of(render(sheet))) for sheet in (SINGLE_BYTE, SUBSETTING))

    single = single.replace("C. P. Plaza del Olmo, 14", "").replace("\u00a0", " ")
    assert subset.replace("Zażółć Ελλάδα", "") == single


def test_the_same_sheet_gives_the_same_bytes_in_any_thread():
    sheets = [SINGLE_BYTE, SUBSETTING] * 8

    with ThreadPoolExecutor(8) as threads:
        rendered = list(threads.map(render, sheets))

    assert rendered == [render(SINGLE_BYTE), render(SUBSETTING)] * 8
