"""What the publication dialogue says: verb, number and object, and each number of a range drawn as a cell."""

from typing import NamedTuple

from admin_views.publishing.form import Aim
from app.domain.kinds import Words
from app.domain.previewing import Preview, WithdrawalPreview
from app.domain.ranges import Gaps, Run, Standing
from app.texts import _, plural

MOST_CELLS = 240

Dry = Preview | WithdrawalPreview


class Cell(NamedTuple):
    """A number of the range; ``css`` draws where it stands and ``title`` says it."""

    number: int
    css: str
    title: str


def title_of(words: Words, aim: Aim, dry: Dry | None) -> str:
    what = words.count(dry.documents) if dry and dry.documents else _(words.nouns)
    if aim is Aim.WITHDRAW:
        return _("Anular la publicación de %(que)s") % {"que": what}
    return _("Publicar %(que)s en la intranet") % {"que": what}


def button_of(words: Words, aim: Aim, dry: Dry | None) -> str:
    if aim is Aim.WITHDRAW or not isinstance(dry, Preview):
        return title_of(words, aim, dry)
    published = _("Publicar %(que)s") % {"que": words.count(dry.documents)}
    if not dry.mails:
        return published
    return published + plural(" y avisar a %(n)s persona", " y avisar a %(n)s personas", dry.mails)


def nothing_to_do(words: Words, dry: Dry) -> str:
    """Why there is nothing to confirm."""
    nothing = words.agree("No hay ninguna %(que)s.", "No hay ningún %(que)s.") % {"que": _(words.noun)}
    if isinstance(dry, WithdrawalPreview):
        none = words.agree("Ninguna está publicada.", "Ninguno está publicado.")
        return none if dry.unpublished else nothing
    if dry.already_published:
        one = words.agree("Esa %(que)s ya está publicada.", "Ese %(que)s ya está publicado.") % {"que": _(words.noun)}
        many = words.agree("Las %(n)s ya están publicadas.", "Los %(n)s ya están publicados.")
        return plural(one, many, dry.already_published)
    if dry.drafts:
        one, many = "Es un borrador: hay que emitirlo antes.", "Son %(n)s borradores: emítalos antes."
        return plural(one, many, dry.drafts)
    return nothing


def cells_of(words: Words, gaps: Gaps, *, republish: bool) -> list[Cell]:
    """Every number of the range as a cell; none when there are too many to draw."""
    if gaps.numbers.last - gaps.numbers.first >= MOST_CELLS:
        return []
    label = gaps.numbers.series_label
    return [
        Cell(number, *_standing(words, run, f"{label}-{number:04d}", republish))
        for run in gaps.runs
        for number in range(run.first, run.last + 1)
    ]


def _standing(words: Words, run: Run, number: str, republish: bool) -> tuple[str, str]:
    standing = run.standing
    if standing is Standing.MISSING:
        return "gap", _("%(numero)s: no existe") % {"numero": number}
    if standing is Standing.PUBLISHED and not republish:
        return "had", words.agree("%(numero)s: ya publicada", "%(numero)s: ya publicado") % {"numero": number}
    if standing is Standing.PUBLISHED:
        return "", _("%(numero)s: se publica otra vez") % {"numero": number}
    if standing is Standing.WITHDRAWN:
        facts = {"numero": number, "dia": f"{run.withdrawn_on:%d/%m/%Y}" if run.withdrawn_on else ""}
        return "back", _("%(numero)s: publicación anulada el %(dia)s; se publica otra vez") % facts
    return "", _("%(numero)s: se publica") % {"numero": number}


def range_sentences(words: Words, gaps: Gaps) -> list[str]:
    """The range in words, for those who do not see the cells or when there are too many."""
    found = []
    if gaps.published:
        one = words.agree("%(n)s ya está publicada.", "%(n)s ya está publicado.")
        many = words.agree("%(n)s ya están publicadas.", "%(n)s ya están publicados.")
        found.append(plural(one, many, gaps.published))
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


def strip_summary(words: Words, gaps: Gaps) -> str:
    """What a screen reader hears of the cells."""
    said = [
        _("%(serie)s del %(desde)s al %(hasta)s")
        % {"serie": gaps.numbers.series_label, "desde": gaps.numbers.first, "hasta": gaps.numbers.last},
        plural("%(n)s sin publicar", "%(n)s sin publicar", gaps.unpublished + gaps.withdrawn),
        plural(
            words.agree("%(n)s ya publicada", "%(n)s ya publicado"),
            words.agree("%(n)s ya publicadas", "%(n)s ya publicados"),
            gaps.published,
        ),
        plural("%(n)s no existe", "%(n)s no existen", gaps.missing),
    ]
    return ", ".join(said)
