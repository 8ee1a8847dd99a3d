"""What the publication dialogue says: verb, number and object, and each number of a range drawn as a cell."""

from typing import NamedTuple

from admin_views.publish_form import Aim
from app.domain.previewing import Preview, WithdrawalPreview
from app.domain.ranges import Gaps, Standing
from app.texts import _, plural

MOST_CELLS = 240

Dry = Preview | WithdrawalPreview


class Cell(NamedTuple):
    """A number of the range; ``css`` draws where it stands and ``title`` says it."""

    number: int
    css: str
    title: str


def title_of(aim: Aim, dry: Dry | None) -> str:
    count = dry.documents if dry else 0
    if aim is Aim.WITHDRAW:
        if not count:
            return _("Anular la publicación de facturas")
        one, many = "Anular la publicación de %(n)s factura", "Anular la publicación de %(n)s facturas"
        return plural(one, many, count)
    if not count:
        return _("Publicar facturas en la intranet")
    return plural("Publicar %(n)s factura en la intranet", "Publicar %(n)s facturas en la intranet", count)


def button_of(aim: Aim, dry: Dry | None) -> str:
    if aim is Aim.WITHDRAW or not isinstance(dry, Preview):
        return title_of(aim, dry)
    published = plural("Publicar %(n)s factura", "Publicar %(n)s facturas", dry.documents)
    if not dry.mails:
        return published
    return published + plural(" y avisar a %(n)s persona", " y avisar a %(n)s personas", dry.mails)


def nothing_to_do(dry: Dry) -> str:
    """Why there is nothing to confirm."""
    if isinstance(dry, WithdrawalPreview):
        return _("Ninguna de estas facturas está publicada.") if dry.unpublished else _("No hay ninguna factura.")
    if dry.already_published:
        one, many = "Esa factura ya está publicada.", "Las %(n)s ya están publicadas."
        return plural(one, many, dry.already_published)
    if dry.drafts:
        one, many = "Es un borrador: emítala antes.", "Son %(n)s borradores: emítalos antes."
        return plural(one, many, dry.drafts)
    return _("No hay ninguna factura.")


def cells_of(gaps: Gaps, *, republish: bool) -> list[Cell]:
    """Every number of the range as a cell; none when there are too many to draw."""
    if gaps.numbers.last - gaps.numbers.first >= MOST_CELLS:
        return []
    label = gaps.numbers.series_label
    return [
        Cell(number, *_standing(run.standing, f"{label}-{number:04d}", run.withdrawn_on, republish))
        for run in gaps.runs
        for number in range(run.first, run.last + 1)
    ]


def _standing(standing: Standing, number: str, withdrawn_on: object, republish: bool) -> tuple[str, str]:
    if standing is Standing.MISSING:
        return "gap", _("%(numero)s: no existe") % {"numero": number}
    if standing is Standing.PUBLISHED and not republish:
        return "had", _("%(numero)s: ya publicada") % {"numero": number}
    if standing is Standing.PUBLISHED:
        return "", _("%(numero)s: se publica otra vez") % {"numero": number}
    if standing is Standing.WITHDRAWN:
        words = {"numero": number, "dia": f"{withdrawn_on:%d/%m/%Y}" if withdrawn_on else ""}
        return "back", _("%(numero)s: publicación anulada el %(dia)s; se publica otra vez") % words
    return "", _("%(numero)s: se publica") % {"numero": number}


def range_sentences(gaps: Gaps) -> list[str]:
    """The range in words, for those who do not see the cells or when there are too many."""
    found = []
    if gaps.published:
        found.append(plural("%(n)s ya está publicada.", "%(n)s ya están publicadas.", gaps.published))
    for standing, one, many in (
        (Standing.MISSING, "No existe en el programa: %(que)s.", "No existen en el programa: %(que)s."),
        (
            Standing.WITHDRAWN,
            "Se anuló y se publica otra vez: %(que)s.",
            "Se anularon y se publican otra vez: %(que)s.",
        ),
    ):
        if count := getattr(gaps, standing.value):
            found.append(_(one if count == 1 else many) % {"que": gaps.spell(standing)})
    return found


def strip_summary(gaps: Gaps) -> str:
    """What a screen reader hears of the cells."""
    said = [
        _("%(serie)s del %(desde)s al %(hasta)s")
        % {"serie": gaps.numbers.series_label, "desde": gaps.numbers.first, "hasta": gaps.numbers.last},
        plural("%(n)s sin publicar", "%(n)s sin publicar", gaps.unpublished + gaps.withdrawn),
        plural("%(n)s ya publicada", "%(n)s ya publicadas", gaps.published),
        plural("%(n)s no existe", "%(n)s no existen", gaps.missing),
    ]
    return ", ".join(said)
