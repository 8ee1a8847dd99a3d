"""Which of the files inside is the invoice, and how much is unpacked to find out."""

import base64
import gzip
import io
import zipfile

import pytest

from app.adapters.formats.attachments import LARGEST_PDF, Embedded, choose_pdf

PDF = b"%PDF-1.4 uno"
OTHER = b"%PDF-1.4 dos"


def embedded(label, content=PDF, **more):
    return Embedded(label=label, encoded=base64.b64encode(content).decode(), **more)


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.pdf", content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        (["adjunto 1.pdf"], 0),
        (["adjunto 1.pdf", "Factura F26-7"], 1),
        (["detalle", "copia de F26-7.pdf"], 1),
        (["uno", "dos"], 0),
        (["Albarán 12", "dos"], 1),
        (["Contrato marco"], None),
        (["Factura del albarán 12"], 0),
    ],
)
def test_the_one_that_calls_itself_invoice(labels, chosen):
    contents = [b"%PDF-1.4 " + str(place).encode() for place in range(len(labels))]

    pdf = choose_pdf([embedded(label, content) for label, content in zip(labels, contents, strict=True)], "F26-7", [])

    assert pdf == (None if chosen is None else contents[chosen])


@pytest.mark.parametrize(
    "file",
    [
        embedded("x", gzip.compress(PDF), packing="GZIP"),
        embedded("x", zipped(uno=PDF), packing="ZIP"),
        embedded("x", zipped(**{"../../etc/uno": PDF}), packing="ZIP"),
        Embedded(label="x", encoded=PDF.decode(), is_base64=False),
        Embedded(label="x", encoded="\n ".join(base64.b64encode(PDF).decode())),
    ],
)
def test_packed_and_wrapped(file):
    assert choose_pdf([file], "1", []) == PDF


@pytest.mark.parametrize(
    "file",
    [
        embedded("x", b"GIF89a"),
        embedded("x", b""),
        embedded("x", b"PK\x03\x04 broken", packing="ZIP"),
        embedded("x", b"\x1f\x8b broken", packing="GZIP"),
        embedded("x", gzip.compress(PDF + bytes(LARGEST_PDF)), packing="GZIP"),
        embedded("x", zipped(uno=PDF + bytes(LARGEST_PDF)), packing="ZIP"),
        embedded("x", zipped(), packing="ZIP"),
        Embedded(label="x", encoded="no es base64 €"),
    ],
    ids=["image", "empty", "broken zip", "broken gzip", "gzip bomb", "zip bomb", "empty zip", "not base64"],
)
def test_what_is_no_pdf_is_left_out_and_told(file):
    notes = []

    assert choose_pdf([file], "1", notes) is None
    assert notes == ["El adjunto «x» no es un PDF y se omite."]


def test_of_several_the_choice_is_told():
    notes = []

    choose_pdf([embedded("uno"), embedded("dos", OTHER)], "1", notes)

    assert notes == ["La factura trae 2 PDF: se toma el que más parece la factura."]
