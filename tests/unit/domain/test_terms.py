"""Due dates: payment terms at their edges."""

import datetime as dt
from decimal import Decimal

import pytest

from app.domain.terms import Due, account_for, due_days, dues_of_terms, first_uncovered, write_dues
from models import Company, Contact, Invoice
from models.enums import PaymentMethod

DAY = dt.date(2026, 11, 21)


def invoice(payable, method=PaymentMethod.TRANSFER):
    return Invoice(company_id=1, issued_on=DAY, payable=Decimal(payable), payment_method=method, dues=[])


@pytest.mark.parametrize(
    ("issued_on", "days", "payment_day", "expected"),
    [
        (DAY, "", None, ["21/11/2026"]),
        (DAY, "0", None, ["21/11/2026"]),
        (DAY, "30,60,90", None, ["21/12/2026", "20/01/2027", "19/02/2027"]),
        (DAY, "30", 25, ["25/12/2026"]),
        (DAY, "30", 21, ["21/12/2026"]),
        (DAY, "30", 20, ["20/01/2027"]),
        (dt.date(2027, 1, 1), "30", 30, ["28/02/2027"]),
        (dt.date(2026, 12, 31), "0", 31, ["31/12/2026"]),
    ],
)
def test_days_follow_the_terms_and_the_payment_day(issued_on, days, payment_day, expected):
    assert [day.strftime("%d/%m/%Y") for day in due_days(issued_on, days, payment_day)] == expected


@pytest.mark.parametrize(
    ("payable", "amounts"),
    [
        ("100.00", ["33.34", "33.33", "33.33"]),
        ("0.02", ["0.01", "0.01"]),
        ("0.00", []),
        ("-50.00", []),
    ],
)
def test_dues_add_up_and_none_is_of_nothing(payable, amounts):
    dues = dues_of_terms(invoice(payable), Contact(payment_days="30,60,90", iban=""), Company(iban=""))

    assert [str(due.amount) for due in dues] == amounts


@pytest.mark.parametrize(
    ("method", "account"),
    [
        (PaymentMethod.TRANSFER, "ES91 ours"),
        (PaymentMethod.DIRECT_DEBIT, "ES55 theirs"),
        (PaymentMethod.CASH, ""),
        (PaymentMethod.CARD, ""),
    ],
)
def test_money_goes_to_or_comes_from_the_right_account(method, account):
    assert account_for(method, Contact(iban="ES55 theirs"), Company(iban="ES91 ours")) == account


@pytest.mark.parametrize(
    ("collected", "first"),
    [("0", 30), ("99.99", 30), ("100", 60), ("199.99", 60), ("200", 90), ("299.99", 90), ("300", 90), ("301", 90)],
)
def test_an_invoice_is_due_when_the_first_part_left_is(collected, first):
    dues = [Due(day=DAY + dt.timedelta(days=days), amount=Decimal(100)) for days in (60, 30, 90)]

    assert first_uncovered(dues, Decimal(collected)) == DAY + dt.timedelta(days=first)


def test_what_has_no_dues_is_never_due():
    assert first_uncovered([]) is None


def test_dues_are_written_over_the_rows_there_were():
    draft = invoice("90.00")
    contact, company = Contact(payment_days="30,60", iban=""), Company(iban="")
    write_dues(draft, dues_of_terms(draft, contact, company))
    first, _second = draft.dues
    assert draft.due_on == first.day
    contact.payment_days = "15"

    write_dues(draft, dues_of_terms(draft, contact, company))

    assert draft.dues == [first]
    assert (first.day, str(first.amount), draft.due_on) == (dt.date(2026, 12, 6), "90.00", dt.date(2026, 12, 6))
