"""Customers and suppliers of the sample."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from app.demo import words
from app.demo.dice import Dice
from app.demo.jobs import Job
from app.domain.contacts import refold
from app.domain.folding import fold
from models import Contact
from models.enums import PaymentMethod

DEMO_EMAIL = "ana.lago@panaderialago.example"
SHARED_EMAIL = "administracion@fincasbelmonte.example"

# How many of each kind of customer.
SEGMENTS = (
    ("company", 88),
    ("builder", 12),
    ("community", 62),
    ("person", 104),
    ("shop", 20),
    ("public", 9),
    ("abroad", 4),
)
TERMS = {
    "company": (("30", 50), ("60", 20), ("30,60", 18), ("30,60,90", 12)),
    "builder": (("60", 60), ("30,60,90", 40)),
    "community": (("30", 80), ("15", 20)),
    "person": (("0", 70), ("15", 30)),
    "shop": (("30", 60), ("30,60", 40)),
    "public": (("30", 100),),
    "abroad": (("30", 100),),
}
PERSONAL_METHODS = ((PaymentMethod.CARD, 45), (PaymentMethod.CASH, 20), (PaymentMethod.TRANSFER, 35))
METHODS = ((PaymentMethod.TRANSFER, 55), (PaymentMethod.DIRECT_DEBIT, 45))


class Customer(Struct):
    """A contact, what kind of customer it is, and how often it calls: now and then, and perhaps by ``contract``."""

    contact: Contact
    segment: str
    weight: int
    is_monthly: bool = False
    contract: Job | None = None


class People:
    def __init__(self, dice: Dice, company_id: int) -> None:
        self.dice, self.company_id = dice, company_id
        self._names: set[str] = set()
        self._codes = 0

    def demo_customer(self) -> Customer:
        contact = self._contact(
            "Panadería Hermanos Lago, S.L.",
            tax_id=self.dice.cif("B"),
            email=DEMO_EMAIL,
            address="C/ Tejedores, 8",
            town=("28045", "Madrid", "Madrid"),
        )
        contact.payment_days = "30"
        return self._finished(contact, "company", weight=0)

    def customers(self, segments: tuple[tuple[str, int], ...] = SEGMENTS) -> Iterator[Customer]:
        for segment, count in segments:
            for _turn in range(count):
                yield self._customer(segment)

    def suppliers(self) -> Iterator[Contact]:
        for name in words.SUPPLIERS:
            kind = "A" if name.endswith("S.A.") else "B"
            contact = self._contact(name, tax_id=self.dice.cif(kind), email=f"pedidos@{_host(name)}.example")
            contact.is_customer, contact.is_supplier = False, True
            refold(contact)
            yield contact

    def _customer(self, segment: str) -> Customer:
        contact: Contact = getattr(self, f"_{segment}")()
        contact.payment_days = self.dice.one(TERMS[segment])
        methods = PERSONAL_METHODS if segment == "person" else METHODS
        contact.payment_method = self.dice.one(methods)
        if contact.payment_method is PaymentMethod.DIRECT_DEBIT:
            contact.iban = self.dice.iban()
            contact.payment_day = self.dice.one([(None, 70), (5, 15), (25, 15)])
        if self.dice.happens(0.08):
            contact.email = None
        customer = self._finished(contact, segment, weight=self.dice.randint(1, 10) if segment != "person" else 1)
        customer.is_monthly = segment in {"company", "community"} and self.dice.happens(0.22)
        return customer

    def _finished(self, contact: Contact, segment: str, *, weight: int) -> Customer:
        refold(contact)
        return Customer(contact, segment, weight)

    def _company(self) -> Contact:
        name = self._new_name(words.TRADES, self.dice.one([(", S.L.", 78), (", S.A.", 8), (", S.L.U.", 14)]))
        contact = self._contact(name, tax_id=self.dice.cif("A" if name.endswith("S.A.") else "B"))
        contact.email = (
            f"{self.dice.choice(('administracion', 'facturas', 'contabilidad', 'hola'))}@{_host(name)}.example"
        )
        return contact

    def _builder(self) -> Contact:
        name = self._new_name(("Construcciones", "Promociones", "Obras", "Edificaciones"), ", S.L.")
        return self._contact(name, tax_id=self.dice.cif("B"), email=f"obras@{_host(name)}.example")

    def _community(self) -> Contact:
        address, town = self._street(), self.dice.choice(words.TOWNS)
        name = f"Comunidad de Propietarios {address}"
        email = f"comunidad{self._codes + 1}@{self.dice.choice(('fincasolmedo', 'fincasaurora'))}.example"
        return self._contact(name, tax_id=self.dice.cif("H"), email=email, address=address, town=town)

    def _person(self) -> Contact:
        while True:
            first = self.dice.choice(words.WOMEN + words.MEN)
            last = self.dice.choice(words.SURNAMES)
            name = f"{first} {last} {self.dice.choice(words.SURNAMES)}"
            if self._is_new(name):
                break
        tax_id = self.dice.nie() if first in {"Mohamed", "Mihai"} else self.dice.dni()
        email = f"{_host(first)}.{_host(last)}{self._codes + 1}@correo.example"
        contact = self._contact(name, tax_id=tax_id, email=email)
        contact.is_person = True
        return contact

    def _shop(self) -> Contact:
        """A retailer in the equivalence surcharge is always a person."""
        contact = self._person()
        contact.trade_name = self._new_name(words.SHOPS, "")
        contact.has_surcharge = True
        contact.email = f"tienda@{_host(contact.trade_name)}.example"
        return contact

    def _public(self) -> Contact:
        _postcode, town, _province = place = self.dice.choice(words.TOWNS[12:])
        what, kind = self.dice.choice(
            (("Ayuntamiento", "P"), ("Asociación Cultural", "G"), ("Fundación Deportiva", "G"))
        )
        name = f"{what} de {town}"
        if not self._is_new(name):
            return self._public()
        return self._contact(name, tax_id=self.dice.cif(kind), email=f"contabilidad@{_host(name)}.example", town=place)

    def _abroad(self) -> Contact:
        name = self._new_name(("Instalações", "Iluminação", "Materiais"), ", Lda.")
        contact = self._contact(
            name,
            tax_id=f"PT50{self.dice.randint(1_000_000, 9_999_999)}",
            email=f"compras@{_host(name)}.example",
            address=f"Rua do Comércio, {self.dice.randint(1, 90)}",
            town=("1100-150", "Lisboa", ""),
        )
        contact.country = "PT"
        return contact

    def _contact(
        self,
        name: str,
        *,
        tax_id: str,
        email: str | None = None,
        address: str | None = None,
        town: tuple[str, str, str] | None = None,
    ) -> Contact:
        postcode, city, province = town or self.dice.choice(words.TOWNS)
        self._codes += 1
        prefix = self.dice.choice(("91", "6"))
        return Contact(
            company_id=self.company_id,
            code=f"{self._codes:05d}",
            name=name,
            tax_id=tax_id,
            email=email,
            address=address or self._address(),
            postcode=postcode,
            city=city,
            province=province,
            phone=prefix + "".join(str(self.dice.randint(0, 9)) for _ in range(9 - len(prefix))),
            country="ES",
            has_surcharge=False,
            withholding_rate=Decimal(0),
            payment_method=PaymentMethod.TRANSFER,
            iban="",
        )

    def _address(self) -> str:
        floor = self.dice.choice(("", "", f", {self.dice.randint(1, 8)}.º {self.dice.choice('ABCD')}", ", bajo"))
        return self._street() + floor

    def _street(self) -> str:
        return f"{self.dice.choice(words.STREETS)}, {self.dice.randint(1, 240)}"

    def _new_name(self, starts: tuple[str, ...], end: str) -> str:
        while True:
            name = f"{self.dice.choice(starts)} {self.dice.choice(words.PROPER)}"
            if self._is_new(name):
                return name + end

    def _is_new(self, name: str) -> bool:
        new = name not in self._names
        self._names.add(name)
        return new


def _host(name: str) -> str:
    """What a company would call its domain: ``Panadería Hermanos Lago, S.L.`` as ``panaderiahermanoslago``."""
    return "".join(mark for mark in fold(name.partition(",")[0]) if mark.isascii() and mark.isalnum())
