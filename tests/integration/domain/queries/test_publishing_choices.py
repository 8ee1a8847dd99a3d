"""What a publication can be chosen from."""

from app import clock
from app.domain.queries.publishing_choices import NumberedSeries, numbered_series, usable_versions
from models import TemplateVersion
from models.enums import DocumentKind
from tests.factories import Make


def test_the_newest_version_of_each_template_in_use(db, make):
    plain = make.template(is_default=False)
    usual = make.template(is_default=True)
    make.template(is_default=False, archived_at=clock.now())
    newer = TemplateVersion(company_id=plain.company_id, template_id=plain.template_id, number=2)
    db.add(newer)
    db.flush()

    assert [version.id for version in usable_versions(db)] == [usual.id, newer.id]


def test_series_with_numbers_and_where_they_end(db, make):
    first, second, empty = (make.series(label=label) for label in ("FV25", "FV26", "R26"))
    for series, numbers in ((first, (3, 9)), (second, (1,))):
        for number in numbers:
            make.invoice(series=series, number=number)
    make.draft(series=empty)

    assert numbered_series(db, DocumentKind.INVOICE) == [NumberedSeries("FV26", 1, 1), NumberedSeries("FV25", 3, 9)]
    assert numbered_series(db, DocumentKind.QUOTE) == []


def test_the_usual_series_comes_first(db, make):
    for label, is_usual in (("FV26", True), ("R26", False)):
        make.invoice(series=make.series(label=label, is_default=is_usual))

    assert [series.label for series in numbered_series(db, DocumentKind.INVOICE)] == ["FV26", "R26"]


def test_series_of_others_are_not_there(db, company, system_db):
    everywhere = Make(system_db, company)
    stranger = everywhere.company()
    everywhere.invoice(contact=everywhere.contact(company_id=stranger.id))
    everywhere.template(company_id=stranger.id)
    system_db.commit()

    assert (numbered_series(db, DocumentKind.INVOICE), usable_versions(db)) == ([], [])
