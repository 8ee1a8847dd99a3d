"""What a publication can be chosen from: looks of the PDF, and series with their numbers."""

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import aliased, joinedload

from app.domain.queries.documents import series_labels
from app.scope import ScopedSession
from models import Document, DocumentTemplate, Series, TemplateVersion
from models.enums import DocumentKind


class NumberedSeries(Struct, frozen=True):
    """A series with issued documents, own or imported, and its first and last number."""

    label: str
    first: int
    last: int


def usable_versions(db: ScopedSession) -> list[TemplateVersion]:
    """The newest version of every template in use, the default one first."""
    later = aliased(TemplateVersion)
    has_later = sa.exists(
        select(1).where(
            later.company_id == TemplateVersion.company_id,
            later.template_id == TemplateVersion.template_id,
            later.number > TemplateVersion.number,
        )
    )
    return list(
        db.scalars(
            select(TemplateVersion)
            .join(DocumentTemplate, DocumentTemplate.id == TemplateVersion.template_id)
            .where(DocumentTemplate.archived_at.is_(None), ~has_later)
            .options(joinedload(TemplateVersion.template))
            .order_by(DocumentTemplate.is_default.desc(), DocumentTemplate.name, DocumentTemplate.id)
        )
    )


def numbered_series(db: ScopedSession, kind: DocumentKind) -> list[NumberedSeries]:
    """Every series that has numbers: the company's usual one first, then by label, the highest first.

    A few probes of one index, however many documents there are.
    """
    ours = (Document.company_id == db.company_id, Document.kind == kind)
    labels = series_labels(db.company_id, kind)
    bounds = [
        select(edge(Document.sort_number))
        .where(*ours, Document.series_label == labels.c.label)
        .correlate(labels)
        .scalar_subquery()
        for edge in (sa.func.min, sa.func.max)
    ]
    found = db.execute(
        select(labels.c.label, *bounds).where(labels.c.label.is_not(None)).order_by(labels.c.label.desc())
    )
    numbered = [NumberedSeries(label, first, last) for label, first, last in found if last is not None]
    usual = db.scalar(
        select(Series.label)
        .where(Series.company_id == db.company_id, Series.kind == kind, Series.is_default, Series.closed_at.is_(None))
        .order_by(Series.year.desc(), Series.id.desc())
        .limit(1)
    )
    return sorted(numbered, key=lambda series: series.label != usual)
