"""The parties of a Facturae: companies and persons, in Spain or abroad."""

import re

from app.adapters.formats.codes import country
from app.adapters.formats.fields import SHORT, Flaw, clipped, email, is_spanish, single, tax_id
from app.adapters.formats.xml import Node
from app.domain.foreign import ForeignParty
from app.texts import _

_POSTCODE_FIRST = re.compile(r"((?:[A-Z]{1,2}-)?\d[\d-]{2,9}(?: [A-Z]{2}\b)?)[ ,]+(\S.*)", re.ASCII)


def party(node: Node | None, who: str) -> ForeignParty:
    """A ``BusinessType``. A nameless party with a tax id is called by it."""
    if node is None:
        raise Flaw(_("Faltan los datos %(who)s.") % {"who": who})
    identifier = tax_id(node.text("TaxIdentification/TaxIdentificationNumber"), _("el NIF %(who)s") % {"who": who})
    legal, individual = node.first("LegalEntity"), node.first("Individual")
    entity = individual or legal
    if entity is None:
        raise Flaw(_("No consta el nombre %(who)s.") % {"who": who})
    named = _name(entity, individual is not None)
    name = single(named, _("el nombre %(who)s") % {"who": who}) or identifier
    if not name:
        raise Flaw(_("No consta el nombre %(who)s.") % {"who": who})
    return ForeignParty(
        tax_id=identifier,
        name=name,
        is_person=individual is not None or node.text("TaxIdentification/PersonTypeCode") == "F",
        trade_name=single(entity.text("TradeName"), _("el nombre comercial %(who)s") % {"who": who}),
        email=email(entity.text("ContactDetails/ElectronicMail")),
        phone=clipped(entity.text("ContactDetails/Telephone"), SHORT),
        **_address(entity, identifier, who),
    )


def _name(entity: Node, is_individual: bool) -> str:
    if is_individual:
        return " ".join(entity.text(part) for part in ("Name", "FirstSurname", "SecondSurname"))
    return entity.text("CorporateName")


def _address(entity: Node, identifier: str, who: str) -> dict[str, str]:
    node = entity.first("AddressInSpain") or entity.first("OverseasAddress")
    if node is None:
        return {"country": "ES" if is_spanish(identifier) else ""}
    postcode, city = node.text("PostCode"), node.text("Town")
    if together := " ".join(node.text("PostCodeAndTown").split()):
        apart = _POSTCODE_FIRST.fullmatch(together)
        postcode, city = (apart[1], apart[2]) if apart else ("", together)
    return {
        "country": country(node.text("CountryCode")) or ("ES" if node.name == "AddressInSpain" else ""),
        "address": single(node.text("Address"), _("la dirección %(who)s") % {"who": who}),
        "postcode": clipped(postcode, SHORT),
        "city": single(city, _("la población %(who)s") % {"who": who}),
        "province": single(node.text("Province"), _("la provincia %(who)s") % {"who": who}),
    }
