"""What our mails say: a folder of templates per kind, in the reader's language, as text and as HTML."""

import datetime as dt
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app import clock, money, texts
from app.adapters.letters.html import NIGHT_COLOURS, content_id, dressed
from app.adapters.letters.html_reading import as_text
from app.adapters.letters.words import day_word, kind_word, news
from app.colours import light_accent
from app.domain.kinds import KINDS
from app.domain.mail.outbox import DueMail
from app.domain.mail.secrets import Secret
from app.domain.mail.texts import Chosen, Source
from app.domain.mail.values import sender_values
from app.domain.mail.variables import LONGEST_SUBJECT, Values, fill_html, fill_line, fill_text, shortened
from app.domain.queries.letters import LetterFacts, Listing
from app.domain.queries.wordings import Wording
from app.texts import _, ending, plural, speaking
from models import Company
from models.enums import MailKind, TokenPurpose

TEMPLATES = Path(__file__).parents[2] / "templates" / "mail"
HIDDEN = "••••"


class Letter(NamedTuple):
    subject: str
    text: str
    html: str


class Letters:
    """Writes the letters of one company, from facts gathered for a whole group of mails."""

    def __init__(self, portal: str, facts: LetterFacts) -> None:
        """``portal`` is the address of the company's intranet."""
        self.facts, self.portal = facts, portal
        self._sender = _sender(facts.company)
        self._as_text: dict[str, str] = {}
        self._as_html: dict[str, str] = {}

    def write(self, mail: DueMail, secret: Secret | None, now: dt.datetime) -> Letter:
        """One letter; ``secret`` is what its reader enters with, if they need something to."""
        with speaking(mail.language):
            context = self._context(mail, secret, now)
            wording = self.facts.wording(mail)
            if wording is not None:
                return self._in_own_words(mail.kind, wording, context)
            subject, text, html = (page.render(context) for page in templates(mail.kind))
            return Letter(shortened(subject, LONGEST_SUBJECT), text, html)

    def compose(self, subject: str, body_html: str, language: str = "es") -> Letter:
        """A letter that says just this, complete and clean, in the layout of our mails: for previews and for sending.

        Its pictures are parts of the mail that ``images_of`` its HTML names.
        """
        with speaking(language):
            text = as_text(body_html)
            context = self._own_context() | {
                "language": texts.spoken(),
                "subject": subject,
                "text": text,
                "summary": shortened(" ".join(text.split()), 140),
                "body": Markup(dressed(body_html, self._sender["accent"])),
            }
            page, plain = own_templates("letter")
            return Letter(shortened(subject, LONGEST_SUBJECT), plain.render(context), page.render(context))

    def _in_own_words(self, kind: MailKind, wording: Wording, context: dict[str, Any]) -> Letter:
        """A letter of ours with somebody's words for its subject, its greeting or its end."""
        chosen, values = wording.texts, self._values(wording, context)
        own = context | self._own_context() | dict.fromkeys(("body", "text", "signature", "signature_text"))
        if chosen.body.source is not Source.BUILT_IN:
            own["body"], own["text"] = self._filled(chosen.body, values)
        if chosen.signature.source is not Source.BUILT_IN:
            own["signature"], own["signature_text"] = self._filled(chosen.signature, values)
        if chosen.subject.source is Source.BUILT_IN:
            subject = str(templates(kind)[0].render(context))
        else:
            subject = fill_line(chosen.subject.text, values)
        page, plain = own_templates("around")
        own["kind"] = kind
        return Letter(shortened(subject, LONGEST_SUBJECT), plain.render(own), page.render(own))

    def _filled(self, chosen: Chosen, values: Values) -> tuple[Markup, str]:
        """A text for a reader. What does not depend on who that is is worked out once."""
        html, text = chosen.text, chosen.text
        if html not in self._as_html:
            self._as_html[html] = dressed(html, self._sender["accent"])
            self._as_text[text] = as_text(text)
        return Markup(fill_html(self._as_html[html], values)), fill_text(self._as_text[text], values)

    def _values(self, wording: Wording, context: dict[str, Any]) -> dict[str, str]:
        """What the variables of a notice or an access stand for."""
        values = sender_values(self.facts.company, wording.user, portal=self.portal) | {
            "cliente": context["name"] or context["user"],
            "correo_acceso": context["user"],
        }
        if "listing" in context:
            only = context["only"]
            values |= {
                "documentos": f"{kind_word(only.kind)} {only.number}" if only else context["news"],
                "novedades": context["news"],
                "area": context["area"],
                "enlace": context["address"](only) if only else context["all_of_them"],
            }
        return values

    def _own_context(self) -> dict[str, Any]:
        """A letter in own words comes with the company's logo and the colours there may be in it."""
        logo = content_id(self.facts.logo) if self.facts.logo else ""
        return self._sender | {"logo": logo, "night_colours": NIGHT_COLOURS}

    def _context(self, mail: DueMail, secret: Secret | None, now: dt.datetime) -> dict[str, Any]:
        account_id = mail.portal_account_id or 0
        reader = self.facts.readers.get(account_id)
        context = self._sender | {
            "language": texts.spoken(),
            "name": mail.recipient_name,
            "user": reader.email if reader else mail.recipient,
            "portal": self.portal,
            "entry": self._entry(secret),
            "until": secret.expires_at if secret else None,
            "password": secret.text if secret and secret.purpose is None else None,
            "now": now,
            "checked": (mail.facts or {}).get("checked", ()),
            "is_own": self.facts.account is not None and self.facts.account.user_id is not None,
        }
        if mail.kind is MailKind.NOTICE:
            listing = self.facts.listings[mail.batch_id or 0, account_id]
            context |= self._told(listing)
        return context

    def _entry(self, secret: Secret | None) -> str | None:
        """The link that lets its reader set a password."""
        if secret is None or secret.purpose is None:
            return None
        section = "activar" if secret.purpose is TokenPurpose.ACTIVATE else "clave"
        return f"{self.portal}/{section}/{secret.text}"

    def _told(self, listing: Listing) -> dict[str, Any]:
        only = listing.documents[0] if listing.count == 1 else None
        is_purchase = listing.kind is not None and KINDS[listing.kind].is_purchase
        return {
            "listing": listing,
            "news": news(listing.kind, listing.count, are_new=listing.are_new),
            "only": only,
            "area": _("área de proveedor") if is_purchase else _("área de cliente"),
            "kind_word": kind_word,
            "day_word": day_word,
            "address": lambda document: f"{self.portal}/{KINDS[document.kind].slug}/{document.id}",
            "all_of_them": f"{self.portal}/{KINDS[listing.kind].slug}" if listing.kind else self.portal,
        }


def _sender(company: Company) -> dict[str, Any]:
    """What every letter of a company says of who writes it."""
    name = company.shown_name
    town = " ".join(filter(None, (company.postcode, company.city)))
    return {
        "company": name,
        "initial": next((letter for letter in name if letter.isalnum()), "·").upper(),
        "accent": light_accent(company.accent).accent,
        "phone": company.phone,
        "phone_link": re.sub(r"[^\d+]", "", company.phone),
        "hours": company.opening_hours,
        "legal_name": company.name,
        "tax_id": company.tax_id,
        "place": ", ".join(filter(None, (company.address, town))),
        "logo": "",
        "night_colours": {},
    }


@lru_cache
def templates(kind: MailKind) -> tuple[Any, Any, Any]:
    """Subject, text and HTML of a kind of mail."""
    environment = _environment()
    subject, text, html = (
        environment.get_template(f"{kind}/{name}") for name in ("subject.txt", "body.txt", "body.html")
    )
    return subject, text, html


@lru_cache
def own_templates(name: str) -> tuple[Any, Any]:
    """HTML and text of what somebody has written: a whole letter, or words around what one of ours tells."""
    environment = _environment()
    return environment.get_template(f"own/{name}.html"), environment.get_template(f"own/{name}.txt")


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {"_": _, "plural": plural}
    environment.filters |= {
        "ending": ending,
        "euros": money.euros,
        "day": lambda day: f"{day:%d/%m/%Y}",
        "moment": lambda moment: f"{clock.madrid(moment):%d/%m/%Y, %H:%M}",
    }
    return environment
