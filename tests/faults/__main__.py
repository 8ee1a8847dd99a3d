"""Runs the proofs whole, or as much of them as asked. Exit status 1 when one does not hold."""

import argparse
import random
import sys
import time

from tests.faults import WHOLE, Proof, proofs


def main() -> int:
    known = proofs()
    arguments = argparse.ArgumentParser(prog="./scripts/prove", description="Las pruebas largas de Ventanilla.")
    arguments.add_argument("--kills", type=int, default=WHOLE, help=f"cortes en total, en vez de {WHOLE}")
    arguments.add_argument("--seed", type=int, default=random.randrange(2**32), help="para repetir una ejecución")
    arguments.add_argument("proof", nargs="*", help=f"solo estas: {', '.join(known)}")
    asked = arguments.parse_args()
    if unknown := [name for name in asked.proof if name not in known]:
        arguments.error(f"no existe la prueba {unknown[0]}; hay: {', '.join(known)}")

    print(f"Semilla: {asked.seed}", flush=True)
    held = [holds(name, known[name], asked.kills / WHOLE, asked.seed) for name in asked.proof or known]
    print(f"{held.count(True)} passed, {held.count(False)} failed")
    return 0 if all(held) else 1


def holds(name: str, prove: Proof, scale: float, seed: int) -> bool:
    began = time.monotonic()
    try:
        prove(scale, seed, lambda sentence: print(f"  {name}: {sentence}", flush=True))
    except AssertionError as wrong:
        print(f"NO {name} (--seed {seed} {name}): {wrong}", flush=True)
        return False
    print(f"sí {name}, en {time.monotonic() - began:.0f} s", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
