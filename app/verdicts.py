"""What became of invoices from outside, or would."""

import datetime as dt

from msgspec import Struct
from msgspec.structs import replace

from app.domain.importing import new_customer_note
from app.texts import _
from models.enums import ImportVerdict


class Verdict(Struct, frozen=True):
    """What became of one invoice of one file, or of the whole file when ``number`` is empty.

    ``total`` is for people, ``amount`` the same for programs. ``count`` is how many invoices the file has.
    ``customer_key`` is the same for the same customer; ``notes`` make up ``detail``.
    """

    file: str
    number: str
    issuer: str
    customer: str
    total: str
    verdict: ImportVerdict
    detail: str
    document_id: int | None = None
    amount: str = ""
    currency: str = ""
    issued_on: dt.date | None = None
    customer_key: str = ""
    is_new_customer: bool = False
    notes: tuple[str, ...] = ()
    count: int = 1


class Foresight:
    """What the invoices before it, which a dry run leaves no trace of, mean for the next one."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int | str, str], tuple[dt.date | None, str, str]] = {}
        self._customers: set[tuple[int | str, str]] = set()

    def amend(self, verdict: Verdict, company: int | str) -> Verdict:
        """``company``: whatever tells companies apart, its id or the tax id it issues with."""
        if verdict.verdict is not ImportVerdict.CREATED:
            return verdict
        facts = (verdict.issued_on, verdict.amount, verdict.currency)
        number, customer = (company, verdict.number), (company, verdict.customer_key)
        if number in self._numbers:
            return _said_again(verdict, is_same=self._numbers[number] == facts)
        self._numbers[number] = facts
        if verdict.is_new_customer and customer in self._customers:
            notes = tuple(note for note in verdict.notes if note != new_customer_note(verdict.customer))
            return replace(verdict, is_new_customer=False, notes=notes, detail=" ".join(notes))
        self._customers.add(customer)
        return verdict


def _said_again(verdict: Verdict, *, is_same: bool) -> Verdict:
    """A number that an earlier invoice of the same files has."""
    again = replace(verdict, is_new_customer=False, document_id=None, notes=())
    if is_same:
        sentence = _("Está repetida en estos archivos: se importa una vez.")
        return replace(again, verdict=ImportVerdict.EXISTS, detail=sentence)
    sentence = _("Otra factura de estos archivos lleva el mismo número, con otra fecha u otro total.")
    return replace(again, verdict=ImportVerdict.REFUSED, detail=sentence)
