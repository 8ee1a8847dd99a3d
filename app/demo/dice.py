"""Chance that falls the same way every time, and the identifiers made with it."""

import random
from collections.abc import Sequence
from typing import TypeVar

from stdnum import iban
from stdnum.es import ccc, cif, dni, nie

Thing = TypeVar("Thing")

LETTER_CONTROL = "NPQRSW"  # kinds of body whose control character is a letter


class Dice(random.Random):
    """Identifiers are well formed, given once, and nobody's: people's come from ranges that were never given out."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed)
        self._given: set[str] = set()

    def happens(self, chance: float) -> bool:
        return self.random() < chance

    def one(self, weighted: Sequence[tuple[Thing, int]]) -> Thing:
        """One of the things, as often as its weight says."""
        return self.choices([thing for thing, _ in weighted], [weight for _, weight in weighted])[0]

    def dni(self) -> str:
        while True:
            number = f"{self.randrange(99_000_000, 99_990_000):08d}"
            if self._is_new(number):
                return number + dni.calc_check_digit(number)

    def nie(self) -> str:
        while True:
            number = f"Z{self.randrange(9_800_000, 9_999_999):07d}"
            if self._is_new(number):
                return number + nie.calc_check_digit(number)

    def cif(self, kind: str, province: str = "28") -> str:
        """The tax id of a company (``B``, ``A``), a community (``H``), an association (``G``), a town hall (``P``)."""
        while True:
            number = f"{kind}{province}{self.randrange(90_000, 99_999):05d}"
            if self._is_new(number):
                digit_and_letter = cif.calc_check_digits(number)
                return number + digit_and_letter[kind in LETTER_CONTROL]

    def iban(self) -> str:
        """An account at a bank that does not exist."""
        account = "09990001" + f"{self.randrange(10**10):010d}"
        whole = account[:8] + ccc.calc_check_digits(account[:8] + "00" + account[8:]) + account[8:]
        return "ES" + iban.calc_check_digits("ES00" + whole) + whole

    def _is_new(self, number: str) -> bool:
        new = number not in self._given
        self._given.add(number)
        return new
