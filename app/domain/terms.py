"""Due dates from payment terms."""

import calendar
import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from app.domain.totals import spread
from app.money import ZERO
from models import Company, Contact, Document, DueDate
from models.enums import PaymentMethod

# What is paid by hand or by card needs no account.
_WITHOUT_ACCOUNT = frozenset({PaymentMethod.CASH, PaymentMethod.CARD, PaymentMethod.CHEQUE})


class Instalment(Protocol):
    """A part of what is payable, planned, read or stored."""

    @property
    def day(self) -> dt.date: ...
    @property
    def amount(self) -> Decimal: ...


class Due(Struct, frozen=True, kw_only=True):
    day: dt.date
    amount: Decimal
    method: PaymentMethod = PaymentMethod.TRANSFER
    account: str = ""


def due_days(issued_on: dt.date, payment_days: str, payment_day: int | None) -> list[dt.date]:
    """The days on which parts fall due: so many days after the invoice, moved on to the customer's payment day."""
    days = [issued_on + dt.timedelta(days=int(days)) for days in payment_days.split(",") if days]
    return [_on_payment_day(day, payment_day) for day in days or [issued_on]]


def dues_of_terms(document: Document, contact: Contact, company: Company) -> list[Due]:
    """What the customer's terms make of what is payable; nothing falls due when nothing is to be paid.

    They add up to what is payable, and none is of nothing. The account is the one money goes to, or is taken from.
    """
    if document.payable <= 0:
        return []
    days = due_days(document.issued_on, contact.payment_days, contact.payment_day)
    account = account_for(document.payment_method, contact, company)
    shares = spread(document.payable, [Decimal(1)] * len(days))
    return [
        Due(day=day, amount=amount, method=document.payment_method, account=account)
        for day, amount in zip(days, shares, strict=True)
        if amount
    ]


def account_for(method: PaymentMethod, contact: Contact, company: Company) -> str:
    if method in _WITHOUT_ACCOUNT:
        return ""
    return contact.iban if method is PaymentMethod.DIRECT_DEBIT else company.iban


def plan_dues(document: Document, contact: Contact, company: Company) -> None:
    """Give a draft the due dates of its customer's terms."""
    write_dues(document, dues_of_terms(document, contact, company))


def write_dues(document: Document, dues: Sequence[Due]) -> None:
    """Replace the due dates of a draft, earliest first; rows are kept where they can be, for the audit's sake."""
    rows = list(document.dues)[: len(dues)]
    rows += [DueDate(company_id=document.company_id) for _missing in range(len(dues) - len(rows))]
    for row, due in zip(rows, sorted(dues, key=lambda due: due.day), strict=True):
        row.day, row.amount, row.method, row.account = due.day, due.amount, due.method, due.account
    document.dues = rows
    document.due_on = first_uncovered(dues)


def first_uncovered(dues: Iterable[Instalment], collected: Decimal = ZERO) -> dt.date | None:
    """The first day whose part is not yet covered by what was collected; the last day once nothing is left."""
    day = None
    for due in sorted(dues, key=lambda due: due.day):
        day = due.day
        if collected < due.amount:
            break
        collected -= due.amount
    return day


def _on_payment_day(day: dt.date, payment_day: int | None) -> dt.date:
    if not payment_day:
        return day
    here = day.replace(day=min(payment_day, calendar.monthrange(day.year, day.month)[1]))
    if here >= day:
        return here
    following = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return following.replace(day=min(payment_day, calendar.monthrange(following.year, following.month)[1]))
