"""Due dates from payment terms."""

import calendar
import datetime as dt
from decimal import Decimal

from app.domain.totals import spread
from models import Company, Contact, Document, DueDate
from models.enums import PaymentMethod


def due_days(issued_on: dt.date, payment_days: str, payment_day: int | None) -> list[dt.date]:
    """The days on which parts fall due: so many days after the invoice, moved on to the customer's payment day."""
    days = [issued_on + dt.timedelta(days=int(days)) for days in payment_days.split(",") if days]
    return [_on_payment_day(day, payment_day) for day in days or [issued_on]]


def plan_dues(document: Document, contact: Contact, company: Company) -> None:
    """Replace the due dates of a draft by those of its customer's terms; they add up to what is payable.

    Nothing falls due when nothing is to be paid. The account is the one money goes to, or is taken from.
    """
    if document.payable <= 0:
        document.dues, document.due_on = [], None
        return
    days = due_days(document.issued_on, contact.payment_days, contact.payment_day)
    account = contact.iban if document.payment_method is PaymentMethod.DIRECT_DEBIT else company.iban
    shares = spread(document.payable, [Decimal(1)] * len(days))
    document.dues = [
        DueDate(
            company_id=document.company_id,
            day=day,
            amount=amount,
            method=document.payment_method,
            account=account,
        )
        for day, amount in zip(days, shares, strict=True)
    ]
    document.due_on = days[-1]


def _on_payment_day(day: dt.date, payment_day: int | None) -> dt.date:
    if not payment_day:
        return day
    here = day.replace(day=min(payment_day, calendar.monthrange(day.year, day.month)[1]))
    if here >= day:
        return here
    following = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return following.replace(day=min(payment_day, calendar.monthrange(following.year, following.month)[1]))
