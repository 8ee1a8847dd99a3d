"""The dry run: figures, names, and the numbers of a range."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from app.clock import madrid
from app.domain.previewing import NAMES, Fingerprint, preview_publication
from app.domain.ranges import Run, Standing
from app.domain.selections import DocumentSelection, NumberRange
from app.domain.shared_emails import Shared
from app.errors import InvalidValue
from models import Publication
from models.base import utc_now
from models.enums import DocumentKind, Ending
from tests.factories import Make
from tests.integration.domain.publishing import numbered, publish, searched, ticked, withdraw


def preview(db, selection, **values):
    return preview_publication(db, selection, **{"notify": True} | values)


def test_figures_of_a_mixed_selection(db, make):
    known, stranger = make.contact(name="Alba"), make.contact(name="Bodegas")
    lost, shut = make.contact(name="Cuesta", email=None), make.contact(name="Dental")
    make.account(known, password_hash="x")
    withdrawn = make.account(shut)
    withdrawn.memberships[0].ended_at, withdrawn.memberships[0].ending = utc_now(), Ending.WITHDRAWN
    invoices = [make.invoice(contact=contact) for contact in (known, stranger, stranger, lost, shut)]
    already, draft = make.published_invoice(contact=known), make.draft(contact=lost)
    dollars = make.invoice(contact=known, currency="USD")

    shown = preview(db, ticked(*invoices, already, draft, dollars))

    assert (shown.documents, shown.customers, shown.mails) == (6, 4, 2)
    assert (shown.amount, shown.other_currencies) == (Decimal("605.00"), 1)
    assert (shown.drafts, shown.already_published) == (1, 1)
    people = [
        [(named.id, named.name, named.documents) for named in names]
        for names in (shown.new_accounts, shown.without_email, shown.shut_out)
    ]
    assert people == [[(stranger.id, "Bodegas", 2)], [(lost.id, "Cuesta", 1)], [(shut.id, "Dental", 1)]]
    ids = [document.id for document in (*invoices, dollars)]
    assert shown.fingerprint == Fingerprint(6, sum(ids), max(ids), 1, 2)


def test_without_notice_there_are_no_mails_but_everything_else(db, make):
    make.invoice()

    told, untold = (preview(db, searched(), notify=notify) for notify in (True, False))

    assert (told.mails, untold.mails, untold.new_accounts.count) == (1, 0, 1)


def test_publishing_again_counts_what_it_would_replace(db, make):
    make.published_invoice(), make.invoice(), make.draft()

    once, again = (preview(db, searched(), republish=republish) for republish in (False, True))

    assert [(each.documents, each.already_published, each.drafts) for each in (once, again)] == [(1, 1, 1), (2, 1, 1)]


def test_an_email_shared_with_someone_outside_the_selection_is_told(db, make):
    inside, outside = make.contact(name="Levante", email="admin@levante.example"), make.contact(name="Eventos")
    account = make.account(outside, email="admin@levante.example")

    shown = preview(db, ticked(make.invoice(contact=inside)))

    assert (shown.mails, shown.new_accounts.count, account.email) == (1, 1, "admin@levante.example")
    assert shown.shared_email == (Shared("admin@levante.example", 2, ("Eventos", "Levante")),)


def test_names_are_the_first_fifty_and_the_rest_a_number(db, make):
    for number in range(NAMES + 3):
        make.invoice(contact=make.contact(name=f"Cliente {number:03d}", email=None))

    shown = preview(db, searched())

    assert (shown.without_email.count, len(shown.without_email.first)) == (NAMES + 3, NAMES)
    assert [named.name for named in shown.without_email][:2] == ["Cliente 000", "Cliente 001"]


def test_many_names_behind_one_email_are_cut_short(db, make):
    for number in range(12):
        make.invoice(contact=make.contact(name=f"Cliente {number:02d}", email="asesoria@gestion.example"))

    [shared] = preview(db, searched()).shared_email

    assert (shared.count, len(shared.names)) == (12, 10)
    assert str(shared).endswith("Cliente 09 y 2 más")


def test_an_empty_selection_has_an_empty_preview(db, make):
    shown = preview(db, ticked())

    assert (shown.documents, shown.amount, shown.fingerprint) == (0, Decimal("0.00"), Fingerprint(0, 0, 0, 0, 0))


def test_documents_of_another_company_are_not_counted(db, make, system_db):
    others = Make(system_db, make.home)
    theirs = others.invoice(contact=others.contact(company_id=others.company().id, email="compras1@merino.example"))
    others.account(theirs.contact)
    system_db.commit()

    assert preview(db, ticked(theirs)).fingerprint == Fingerprint(0, 0, 0, 0, 0)


@pytest.mark.parametrize("many", [1, 3])
def test_a_preview_asks_the_same_queries_for_one_or_many(db, make, statements, many):
    for _ in range(many):
        make.invoice()
    statements.clear()

    preview(db, searched())

    assert len(statements) == 3


def test_the_numbers_of_a_range_are_told_as_runs(db, make):
    series = make.series(label="FV26")
    by_number = {number: make.invoice(series=series, number=number) for number in (401, 402, 403, 405, 406, 409)}
    publish(db, ticked(by_number[401], by_number[402], by_number[406]))
    withdraw(db, ticked(by_number[406]))

    gaps = preview(db, numbered("FV26", 400, 410)).gaps

    withdrawn_at = db.scalars(select(Publication.withdrawn_at).where(Publication.withdrawn_at.is_not(None))).one()
    assert gaps.runs == (
        Run(400, 400, Standing.MISSING),
        Run(401, 402, Standing.PUBLISHED),
        Run(403, 403, Standing.UNPUBLISHED),
        Run(404, 404, Standing.MISSING),
        Run(405, 405, Standing.UNPUBLISHED),
        Run(406, 406, Standing.WITHDRAWN, madrid(withdrawn_at).date()),
        Run(407, 408, Standing.MISSING),
        Run(409, 409, Standing.UNPUBLISHED),
        Run(410, 410, Standing.MISSING),
    )


def test_a_range_counts_all_its_numbers(db, make):
    series = make.series(label="FV26")
    for number in (401, 402, 405):
        make.invoice(series=series, number=number)

    gaps = preview(db, numbered("FV26", 401, 1_000_000)).gaps

    assert (gaps.missing, gaps.unpublished, gaps.withdrawn, gaps.published) == (999_597, 3, 0, 0)
    assert (gaps.spell(Standing.UNPUBLISHED), gaps.spell(Standing.MISSING)) == (
        "0401–0402, 0405",
        "0403–0404, 0406–1000000",
    )


def test_a_range_without_any_number_is_all_missing(db, make):
    gaps = preview(db, numbered("FV26", 1, 5)).gaps

    assert (gaps.runs, gaps.missing) == ((Run(1, 5, Standing.MISSING),), 5)


def test_a_range_that_runs_backwards_is_refused(db, make):
    with pytest.raises(InvalidValue) as refused:
        preview(db, numbered("FV26", 5, 1))

    assert refused.value.field == "last"


def test_a_range_of_another_kind_has_other_numbers(db, make):
    make.invoice(series=make.series(label="FV26"), number=1)
    quotes = DocumentSelection(
        kind=DocumentKind.QUOTE, label="", numbers=NumberRange(series_label="FV26", first=1, last=1)
    )

    assert preview(db, quotes).gaps.missing == 1
