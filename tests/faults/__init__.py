"""The long proofs: what survives kills, hostile input and time.

A proof is a module ``*_proof.py`` of this folder with ``prove(scale, seed, report)``: it does ``scale`` of its whole
amount of work (1.0: a thousand kills), draws every choice from ``seed``, tells ``report`` how it gets on, and raises
``AssertionError`` when something does not hold. ``./scripts/prove`` runs them whole; the tests, a fiftieth of each.
"""

import importlib
import pkgutil
from collections.abc import Callable

WHOLE = 1000  # kills in a whole proof
Report = Callable[[str], None]
Proof = Callable[[float, int, Report], None]


def proofs() -> dict[str, Proof]:
    """The proofs by name: ``publication`` for ``publication_proof.py``."""
    modules = [entry.name for entry in pkgutil.iter_modules(__path__) if entry.name.endswith("_proof")]
    return {name.removesuffix("_proof"): importlib.import_module(f"{__name__}.{name}").prove for name in modules}
