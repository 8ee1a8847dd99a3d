"""The parties of a UBL document."""

from app.adapters.formats import fields
from app.adapters.formats.codes import country
from app.adapters.formats.fields import Flaw, clipped, single
from app.adapters.formats.xml import Node
from app.domain.foreign import ForeignParty
from app.texts import _


def party(node: Node | None, who: str) -> ForeignParty:
    """A ``cac:Party``: called by its registered name, known by its VAT number or the next best it gives."""
    if node is None:
        raise Flaw(_("Faltan los datos %(who)s.") % {"who": who})
    identifier = _identifier(node, who)
    registered, known = node.text("PartyLegalEntity/RegistrationName"), node.text("PartyName/Name")
    person = " ".join(node.text(f"Person/{part}") for part in ("FirstName", "MiddleName", "FamilyName")).strip()
    what = _("el nombre %(who)s") % {"who": who}
    name = single(registered or known or person or node.text("Contact/Name"), what) or identifier
    if not name:
        raise Flaw(_("No consta el nombre %(who)s.") % {"who": who})
    trade_name = single(known, _("el nombre comercial %(who)s") % {"who": who})
    return ForeignParty(
        tax_id=identifier,
        country=_country(node, identifier),
        name=name,
        is_person=bool(person) or fields.is_persons(identifier),
        trade_name="" if trade_name == name else trade_name,
        email=fields.email(node.text("Contact/ElectronicMail") or _electronic_address(node)),
        phone=clipped(node.text("Contact/Telephone"), fields.SHORT),
        **_address(node, who),
    )


def _identifier(node: Node, who: str) -> str:
    """The VAT number first; then other tax numbers, then the registration. An internal number is none of them."""
    schemes = node.all("PartyTaxScheme")
    schemes.sort(key=lambda scheme: scheme.text("TaxScheme/ID") not in ("VAT", "IVA"))
    given = [scheme.text("CompanyID") for scheme in schemes]
    given.append(node.text("PartyLegalEntity/CompanyID"))
    others = [other.text() for other in (*node.all("PartyIdentification/ID"), *node.all("EndpointID"))]
    what = _("el NIF %(who)s") % {"who": who}
    for text in (*filter(fields.has_digits, given), *filter(fields.is_spanish, others)):
        if identifier := fields.tax_id(text, what):
            return identifier
    return ""


def _country(node: Node, identifier: str) -> str:
    declared = country(node.text("PostalAddress/Country/IdentificationCode"))
    return declared or ("ES" if fields.is_spanish(identifier) else "")


def _electronic_address(node: Node) -> str:
    endpoint = node.first("EndpointID")
    return endpoint.text() if endpoint is not None and endpoint.attribute("schemeID") == "EM" else ""


def _address(node: Node, who: str) -> dict[str, str]:
    postal = node.first("PostalAddress")
    if postal is None:
        return {}
    street = (postal.text("StreetName"), postal.text("BuildingNumber"), postal.text("AdditionalStreetName"))
    parts = [*street, *(line.text() for line in postal.all("AddressLine/Line"))]
    return {
        "address": single(", ".join(part for part in parts if part), _("la dirección %(who)s") % {"who": who}),
        "postcode": clipped(postal.text("PostalZone"), fields.SHORT),
        "city": single(postal.text("CityName"), _("la población %(who)s") % {"who": who}),
        "province": single(postal.text("CountrySubentity"), _("la provincia %(who)s") % {"who": who}),
    }
