"""One invoice out of its rows of CSV."""

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from babel import Locale
from msgspec import Struct
from msgspec.structs import replace

from app.adapters.formats import codes, fields
from app.adapters.formats.csv_columns import WHOLE_INVOICE, folded
from app.adapters.formats.csv_values import read_day, read_number
from app.adapters.formats.fields import Flaw, clipped, single
from app.adapters.formats.figures import MOST_LINES
from app.adapters.formats.grouping import grouped, rate_label
from app.domain.foreign import ForeignDue, ForeignInvoice, ForeignLine, ForeignParty, ForeignTax, InvoiceClass
from app.money import ZERO, cents, percent_of
from app.texts import _
from models.enums import PaymentMethod, TaxKind

_KINDS = {"": TaxKind.VAT, "iva": TaxKind.VAT, "igic": TaxKind.IGIC, "ipsi": TaxKind.IPSI}
_EXEMPT = {"exento": "exento", "exenta": "exento", "no_sujeto": "no sujeto", "no_sujeta": "no sujeto"}
_METHODS = (
    ("transfer", PaymentMethod.TRANSFER),
    ("domicilia", PaymentMethod.DIRECT_DEBIT),
    ("adeudo", PaymentMethod.DIRECT_DEBIT),
    ("giro", PaymentMethod.DIRECT_DEBIT),
    ("efectivo", PaymentMethod.CASH),
    ("contado", PaymentMethod.CASH),
    ("tarjeta", PaymentMethod.CARD),
    ("cheque", PaymentMethod.CHEQUE),
    ("talon", PaymentMethod.CHEQUE),
)


class Row(Struct, frozen=True):
    line: int
    cells: dict[str, str]
    has_too_many: bool = False


class _Reader(NamedTuple):
    """Cells of a row as numbers; ``mark`` is the decimal sign of the file."""

    row: Row
    mark: str | None

    def text(self, name: str) -> str:
        return self.row.cells.get(name, "")

    def number(self, name: str, kind: tuple[int, Decimal] = fields.AMOUNT) -> Decimal | None:
        text = self.text(name)
        what = _("la columna %(name)s (fila %(line)s)") % {"name": name, "line": self.row.line}
        return read_number(text, what, kind, self.mark) if text else None

    def percent(self, name: str) -> Decimal | None:
        rate = self.number(name, fields.RATE)
        what = _("la columna %(name)s (fila %(line)s)") % {"name": name, "line": self.row.line}
        return None if rate is None else fields.within_percent(rate, what)


def read_invoice(rows: list[Row], mark: str | None, notes: tuple[str, ...]) -> ForeignInvoice:
    """Totals are worked out from the rows, except those that the file gives."""
    whole = _whole(rows)
    called = fields.numbering(whole["numero"], whole.get("serie", ""))
    readers = [_Reader(row, mark) for row in rows]
    reading = list(notes)
    lines = tuple(_line(reader, reading) for reader in readers)
    taxes = _groups(readers, lines)
    withholdings = _withholdings(readers, lines)
    base = sum((line.net for line in lines), ZERO)
    tax_total = sum((tax.amount for tax in taxes), ZERO)
    surcharge = sum((tax.surcharge_amount for tax in taxes), ZERO)
    withheld = sum((tax.amount for tax in withholdings), ZERO)
    worked_out = base + tax_total + surcharge
    given = next((total for reader in readers if (total := reader.number("total")) is not None), worked_out)
    total = min(given, given + withheld, key=lambda candidate: abs(candidate - worked_out))
    payable = total - withheld
    return ForeignInvoice(
        format="csv",
        **called._asdict(),
        invoice_class=InvoiceClass.CORRECTIVE if whole.get("rectifica") else InvoiceClass.ORIGINAL,
        corrects_text=single(whole.get("rectifica", ""), _("la factura rectificada")),
        reason=clipped(whole.get("motivo", ""), fields.NAME),
        issued_on=_day(whole, "fecha", _("la fecha")) or _no_day(),
        operation_on=_day(whole, "fecha_operacion", _("la fecha de operación")),
        currency=fields.currency(whole.get("moneda", "").upper()),
        seller=ForeignParty(tax_id=fields.tax_id(whole.get("emisor_nif", ""), _("el NIF del emisor"))),
        buyer=_buyer(whole, reading),
        lines=lines,
        taxes=taxes,
        withholdings=withholdings,
        lines_total=base,
        base_total=base,
        tax_total=tax_total,
        surcharge_total=surcharge,
        withheld_total=withheld,
        total=total,
        payable=payable,
        declared_total=given,
        dues=_dues(whole, payable),
        notes=_notes(rows),
        notes_on_reading=tuple(dict.fromkeys(reading)),
    )


def _whole(rows: list[Row]) -> dict[str, str]:
    """What belongs to the whole invoice, said once or the same every time."""
    if len(rows) > MOST_LINES:
        raise Flaw(_("La factura tiene %(n)s líneas, y caben %(most)s.") % {"n": len(rows), "most": MOST_LINES})
    for row in rows:
        if row.has_too_many:
            raise Flaw(_("La fila %(line)s tiene más celdas que la cabecera.") % {"line": row.line})
    whole = dict(rows[0].cells)
    for name in WHOLE_INVOICE:
        said = dict.fromkeys(row.cells[name] for row in rows if row.cells.get(name))
        if len(said) > 1:
            raise Flaw(_("Las filas de la factura no coinciden en «%(name)s».") % {"name": name})
        whole[name] = next(iter(said), "")
    return whole


def _line(reader: _Reader, reading: list[str]) -> ForeignLine:
    """A row with a price is a line. One with only a base stands for lines that are not told."""
    quantity = reader.number("cantidad", fields.QUANTITY)
    quantity = Decimal("1.000000") if quantity is None else quantity
    price, percent = reader.number("precio", fields.PRICE), reader.percent("descuento") or ZERO
    net = reader.number("importe")
    net = reader.number("base") if net is None else net
    line = reader.row.line
    if price is None:
        if net is None:
            raise Flaw(_("La fila %(line)s no tiene precio, importe ni base.") % {"line": line})
        price = _price_of(net, quantity, percent, line)
    less = (quantity * price * percent / 100).quantize(Decimal("1E-8"))
    net = cents(quantity * price - less) if net is None else net
    concept = fields.block(reader.text("concepto"), _("el concepto (fila %(line)s)") % {"line": line})
    if not concept:
        concept = "Importe de la factura"
        reading.append(_("El archivo no detalla lo facturado en todas las filas."))
    withheld = reader.percent("irpf")
    return ForeignLine(
        code=clipped(reader.text("codigo"), fields.SHORT),
        concept=concept,
        quantity=quantity,
        unit=clipped(reader.text("unidad"), 20),
        unit_price=price,
        discount_percent=percent or None,
        discount_amount=less,
        net=net,
        taxes=(_tax(reader, net),),
        withheld_rate=withheld or ZERO,
    )


def _price_of(net: Decimal, quantity: Decimal, percent: Decimal, line: int) -> Decimal:
    divisor = quantity * (100 - percent)
    if not divisor:
        raise Flaw(_("La fila %(line)s tiene importe y no cantidad.") % {"line": line})
    return fields.number(f"{net * 100 / divisor:.8f}", _("el precio (fila %(line)s)") % {"line": line}, fields.PRICE)


def _tax(reader: _Reader, net: Decimal) -> ForeignTax:
    kind = _KINDS.get(folded(reader.text("impuesto")))
    if kind is None:
        raise Flaw(_("El impuesto de la fila %(line)s no es IVA, IGIC ni IPSI.") % {"line": reader.row.line})
    exempt = _EXEMPT.get(folded(reader.text("iva")), "")
    rate = ZERO if exempt else reader.percent("iva")
    if rate is None:
        raise Flaw(_("La fila %(line)s no dice el tipo de IVA.") % {"line": reader.row.line})
    name = "IVA" if kind is TaxKind.VAT else kind.upper()
    surcharge = reader.percent("recargo") or ZERO
    amount, surcharge_amount = reader.number("cuota"), reader.number("cuota_recargo")
    return ForeignTax(
        kind=kind,
        category=exempt,
        label=f"{name} {exempt}" if exempt else rate_label(name, rate),
        base=net,
        rate=rate,
        amount=percent_of(net, rate) if amount is None else amount,
        surcharge_rate=surcharge,
        surcharge_amount=percent_of(net, surcharge) if surcharge_amount is None else surcharge_amount,
        exemption_reason=clipped(reader.text("exencion"), fields.NAME) if not rate else "",
    )


def _groups(readers: list[_Reader], lines: tuple[ForeignLine, ...]) -> tuple[ForeignTax, ...]:
    """The tax of a group is worked out on its whole base, unless its rows bring their own."""
    brought = {
        (tax.key, tax.surcharge_rate)
        for reader, line in zip(readers, lines, strict=True)
        for tax in line.taxes
        if reader.text("cuota") or reader.text("cuota_recargo")
    }
    return tuple(
        tax
        if (tax.key, tax.surcharge_rate) in brought
        else replace(
            tax,
            amount=percent_of(tax.base, tax.rate),
            surcharge_amount=percent_of(tax.base, tax.surcharge_rate),
            parts=1,
        )
        for tax in grouped(tax for line in lines for tax in line.taxes)
    )


def _withholdings(readers: list[_Reader], lines: tuple[ForeignLine, ...]) -> tuple[ForeignTax, ...]:
    found = []
    for reader, line in zip(readers, lines, strict=True):
        if line.withheld_rate:
            amount = reader.number("cuota_irpf")
            found.append(
                ForeignTax(
                    kind=TaxKind.WITHHOLDING,
                    label=rate_label("Retención IRPF", line.withheld_rate),
                    base=line.net,
                    rate=line.withheld_rate,
                    amount=ZERO if amount is None else amount,
                )
            )
    is_brought = any(reader.text("cuota_irpf") for reader in readers)
    groups = grouped(found)
    return (
        groups if is_brought else tuple(replace(tax, amount=percent_of(tax.base, tax.rate), parts=1) for tax in groups)
    )


def _day(whole: dict[str, str], name: str, what: str) -> dt.date | None:
    return read_day(whole[name], what) if whole.get(name) else None


def _no_day() -> dt.date:
    raise Flaw(_("La factura no tiene fecha."))


def _buyer(whole: dict[str, str], reading: list[str]) -> ForeignParty:
    who = _("del cliente")
    identifier = fields.tax_id(whole.get("cliente_nif", ""), _("el NIF %(who)s") % {"who": who})
    name = single(whole.get("cliente_nombre", ""), _("el nombre %(who)s") % {"who": who}) or identifier
    if not name:
        raise Flaw(_("No consta el nombre %(who)s.") % {"who": who})
    address = single(whole.get("cliente_direccion", ""), _("la dirección %(who)s") % {"who": who})
    email = fields.email(whole.get("cliente_email", ""))
    if whole.get("cliente_email") and not email:
        reading.append(_("El correo del cliente no es una dirección y se omite."))
    return ForeignParty(
        tax_id=identifier,
        country=_country(whole.get("cliente_pais", "")) or ("ES" if fields.is_spanish(identifier) else ""),
        name=name,
        is_person=fields.is_persons(identifier),
        address=address,
        postcode=clipped(whole.get("cliente_cp", ""), fields.SHORT),
        city=single(whole.get("cliente_ciudad", ""), _("la población %(who)s") % {"who": who}),
        province=single(whole.get("cliente_provincia", ""), _("la provincia %(who)s") % {"who": who}),
        email=email,
        phone=clipped(whole.get("cliente_telefono", ""), fields.SHORT),
    )


@lru_cache
def _territories() -> dict[str, str]:
    return {folded(name): code for code, name in Locale("es").territories.items() if len(code) == 2}


def _country(text: str) -> str:
    """A country by its code or its Spanish name."""
    return codes.country(text) or _territories().get(folded(text), "")


def _dues(whole: dict[str, str], payable: Decimal) -> tuple[ForeignDue, ...]:
    day = _day(whole, "vencimiento", _("el vencimiento"))
    if day is None:
        return ()
    words = clipped(whole.get("forma_pago", ""), fields.NAME)
    method = next((method for word, method in _METHODS if word in folded(words)), PaymentMethod.OTHER)
    account = fields.account(whole.get("iban", ""))
    return (ForeignDue(day=day, amount=payable, method=method, method_text=words, account=account),)


def _notes(rows: list[Row]) -> tuple[str, ...]:
    said = dict.fromkeys(row.cells.get("notas", "") for row in rows)
    return tuple(fields.block(note, _("las notas")) for note in said if note)
