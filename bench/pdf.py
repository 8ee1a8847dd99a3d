"""The invoice PDF beside the same invoice made with reportlab's own layout engine, fonts and logo kept in both."""

import datetime as dt
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import cycle

from PIL import Image, ImageDraw

from app.adapters.pdf import Look, Party, Sheet, SheetDue, SheetLine, SheetTax, normalise_logo, render
from bench import Row
from bench._platypus import render as platypus
from bench.measure import interleaved

DIFFERENT = 64
"""Invoices taken in turn, so that neither side remembers the last one."""

CONCEPTS = (
    "Interruptor diferencial 40 A, 30 mA",
    "Revisión anual del alumbrado de emergencia",
    "Luminaria LED 200 lm – sótano",
    "Mano de obra, oficial de 1.ª",
    "Tornillo <M8> & tuerca",
)


def run(quick: bool) -> list[Row]:
    rounds, batch = (3, 3) if quick else (9, 8)
    logo = _logo()
    cases = {
        "una página con QR": (12, "", 0.1),
        "tres páginas, 90 líneas, con QR": (90, "", 0.125),
        "una página con QR, nombre en polaco": (12, " Żółć", 0.2),
    }
    subjects = {
        f"{who} {what}": _several(draw, count, name, logo, batch)
        for what, (count, name, _) in cases.items()
        for who, draw in (("ours", render), ("platypus", platypus))
    }
    costs = {name: cost.cpu * 1000 / batch for name, cost in interleaved(subjects, rounds=rounds).items()}
    speed = [
        Row(
            what=f"factura de {what}",
            value=costs[f"ours {what}"],
            floor=costs[f"platypus {what}"],
            floor_is="platypus",
            limit=limit,
        )
        for what, (_, _, limit) in cases.items()
    ]
    size = len(render(_sheet(1, 12, "", logo))) / 1024
    return [*speed, Row(what="factura de una página con QR y logotipo", value=size, unit="KiB", limit=40)]


def _several(
    draw: Callable[[Sheet], bytes], count: int, name: str, logo: bytes, batch: int
) -> Callable[[], list[bytes]]:
    sheets: Iterator[Sheet] = cycle([_sheet(number, count, name, logo) for number in range(DIFFERENT)])
    return lambda: [draw(next(sheets)) for _ in range(batch)]


def _sheet(number: int, count: int, name: str, logo: bytes) -> Sheet:
    lines = tuple(_line(number + position, position) for position in range(count))
    base = sum((line.amount or Decimal(0) for line in lines), Decimal(0))
    tax = (base * 21 / 100).quantize(Decimal("0.01"))
    return Sheet(
        kind_label="Factura",
        reference=f"2026/A-{number:06d}",
        issued_on=dt.date(2026, 10, 27),
        seller=Party(
            name="Electricidad Tosma, S.L.",
            tax_id="B12345674",
            lines=("Calle del Telar, 8", "46015 Valencia"),
            contact=("960 000 123", "facturas@tosma.example"),
        ),
        buyer=Party(
            name=f"C. P. Plaza del Olmo, {number}{name}",
            tax_id="H12345674",
            lines=(f"Plaza del Olmo, {number}", "46003 València"),
        ),
        lines=lines,
        taxes=(SheetTax(label="IVA", base=base, rate=Decimal(21), amount=tax),),
        totals=(("Base imponible", base), ("Cuota IVA", tax), ("Total a pagar", base + tax)),
        dues=(
            SheetDue(
                day=dt.date(2026, 11, 26),
                method="Transferencia",
                account="ES91 2100 0418 4502 0005 1332",
                amount=base + tax,
            ),
        ),
        notes="Indique el número de factura en el concepto de la transferencia. Total en €.",
        qr="https://www2.agenciatributaria.gob.es/wlpl/TIKE-CONT/ValidarQR"
        f"?nif=B12345674&numserie=2026%2FA-{number:06d}&fecha=27-10-2026&importe={base + tax}",
        qr_caption="VERI*FACTU",
        look=Look(logo=logo, legal_footer="Registro Mercantil de Valencia, tomo 1234, folio 56, hoja V-78910"),
    )


def _line(seed: int, position: int) -> SheetLine:
    quantity, price = Decimal(seed % 9 + 1), Decimal(seed % 97 + 3) / 4
    return SheetLine(
        code=f"ART-{position:03d}",
        concept=CONCEPTS[seed % len(CONCEPTS)],
        quantity=quantity,
        unit_price=price,
        tax="21 %",
        amount=(quantity * price).quantize(Decimal("0.01")),
    )


def _logo() -> bytes:
    picture = Image.new("RGB", (360, 120), "#ffffff")
    drawing = ImageDraw.Draw(picture)
    drawing.rounded_rectangle((0, 0, 119, 119), 24, fill="#1f5f8b")
    drawing.polygon([(68, 16), (36, 68), (60, 68), (52, 104), (86, 50), (62, 50)], fill="#ffffff")
    drawing.rounded_rectangle((140, 36, 352, 52), 4, fill="#1b2230")
    drawing.rounded_rectangle((140, 68, 280, 82), 4, fill="#566072")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return normalise_logo(out.getvalue())
