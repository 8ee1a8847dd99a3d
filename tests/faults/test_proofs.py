"""A fiftieth of every long proof. Its seed follows from the one printed for the whole run."""

import random

import pytest

from tests.faults import proofs

FIFTIETH = 1 / 50
PROOFS = proofs()


@pytest.mark.parametrize("name", PROOFS)
def test_a_fiftieth_holds(name: str) -> None:
    seed = random.randrange(2**32)
    print(f"./scripts/prove --seed {seed} {name}")

    PROOFS[name](FIFTIETH, seed, print)
