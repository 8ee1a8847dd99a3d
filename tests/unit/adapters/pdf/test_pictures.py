"""Logos are made harmless or refused; the square code can be read back from paper."""

import io
import re
import struct
import zlib

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, PngImagePlugin

from app.adapters.pdf import Look, normalise_logo, render
from app.errors import InvalidValue
from tests.unit.adapters.pdf.sheets import TAX_ADDRESS, make_sheet, read

TOO_LARGE = "El logotipo es demasiado grande: como mucho 4.000 píxeles de lado y 8 megapíxeles."
TOO_HEAVY = "El logotipo ocupa demasiado: como mucho 2 MB."
NO_PICTURE = "El logotipo no es una imagen PNG o JPEG válida."
MM = 72 / 25.4


def encoded(picture, kind="PNG", **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def png(width, height, rows=b""):
    """A PNG of one bit per pixel whose header claims any size."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


SMALL_PNG = encoded(Image.new("RGB", (40, 20), "#1f5f8b"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (png(12_000, 12_000, bytes(1501 * 12_000)), TOO_LARGE),
        (png(2**31 - 1, 2**31 - 1), TOO_LARGE),
        (png(4_001, 1), TOO_LARGE),
        (png(4_000, 2_001), TOO_LARGE),
        (png(100, 100), NO_PICTURE),
        (b"", NO_PICTURE),
        (b"hola", NO_PICTURE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NO_PICTURE),
        (encoded(Image.new("RGB", (4, 4)), "GIF"), NO_PICTURE),
        (b"\xff\xd8\xff\xe0 y nada", NO_PICTURE),
        (SMALL_PNG[:60], NO_PICTURE),
        (SMALL_PNG + bytes(2 * 1024 * 1024), TOO_HEAVY),
    ],
    ids=range(12),
)
def test_what_is_not_a_reasonable_picture_is_refused(content, sentence):
    with pytest.raises(InvalidValue) as refusal:
        normalise_logo(content)

    assert (str(refusal.value), refusal.value.field) == (sentence, "logo")


@pytest.mark.parametrize(
    ("picture", "kind", "mode", "size"),
    [
        (Image.new("RGB", (40, 20), "red"), "PNG", "RGB", (40, 20)),
        (Image.new("RGBA", (40, 20), (255, 0, 0, 128)), "PNG", "RGBA", (40, 20)),
        (Image.new("L", (40, 20), 90), "PNG", "RGB", (40, 20)),
        (Image.new("LA", (40, 20), (90, 10)), "PNG", "RGBA", (40, 20)),
        (Image.new("P", (40, 20)), "PNG", "RGB", (40, 20)),
        (Image.new("CMYK", (40, 20)), "JPEG", "RGB", (40, 20)),
        (Image.new("RGB", (4_000, 2_000)), "JPEG", "RGB", (480, 240)),
        (Image.new("RGB", (3_000, 300)), "PNG", "RGB", (600, 60)),
    ],
)
def test_a_logo_becomes_a_png_of_reasonable_size(picture, kind, mode, size):
    logo = Image.open(io.BytesIO(normalise_logo(encoded(picture, kind))))

    assert (logo.format, logo.mode, logo.size) == ("PNG", mode, size)


def test_nothing_but_pixels_survives():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "alguien")
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its side
    content = encoded(Image.new("RGB", (40, 20), "red"), pnginfo=notes, exif=exif, dpi=(300, 300))

    logo = Image.open(io.BytesIO(normalise_logo(content)))

    assert (logo.size, logo.info, dict(logo.getexif())) == ((20, 40), {}, {})


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_logo_is_on_the_first_page_only(mode):
    logo = normalise_logo(encoded(Image.new(mode, (40, 20), "#1f5f8b")))

    pages = read(render(make_sheet(40, look=Look(logo=logo)))).pages

    assert [[image.image.convert("RGB").getpixel((9, 9)) for image in page.images] for page in pages] == [
        [(31, 95, 139)],
        [],
    ]


def stencil(pdf):
    """Side in millimetres, distance from the top, and modules of the code on the first page."""
    operators = read(pdf).pages[0].get_contents().get_data().decode()
    found = re.search(r"q 0 g (\S+) 0 0 (\S+) (\S+) (\S+) cm\nBI .*/W (\d+) .* ID (\w+)> EI Q", operators)
    width, height, left, bottom = (float(number) for number in found.groups()[:4])
    modules = int(found[5])
    picture = Image.frombytes("1", (modules, modules), bytes.fromhex(found[6]))
    return width / MM, height / MM, left / MM, 297 - (bottom + height) / MM, picture


def test_the_square_code_is_where_the_rules_want_it():
    sheet = make_sheet(qr=TAX_ADDRESS, qr_caption="VERI*FACTU")

    width, height, left, top, picture = stencil(render(sheet))

    assert (round(width), round(height), round(left), 20 < top < 60) == (32, 32, 20, True)
    assert picture.size == (45, 45)


@pytest.mark.parametrize("content", [TAX_ADDRESS, "x" * 300, "ñ"])
def test_the_square_code_says_what_it_was_given(content):
    *_, picture = stencil(render(make_sheet(qr=content)))

    framed = Image.new("L", (picture.width + 8, picture.height + 8), 255)
    framed.paste(picture, (4, 4))
    (found,) = zxingcpp.read_barcodes(framed.resize((framed.width * 4, framed.height * 4), Image.Resampling.NEAREST))
    assert (found.text, found.ec_level) == (content, "M")


def test_the_square_code_can_be_read_from_paper():
    content = render(make_sheet(qr=TAX_ADDRESS))

    with pypdfium2.PdfDocument(content) as document:
        page = document[0].render(scale=150 / 72, grayscale=True).to_pil()

    (found,) = zxingcpp.read_barcodes(page)
    assert found.text == TAX_ADDRESS
