"""Screens read and act through one module, which knows for which company and in whose name."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3] / "admin_views"
# The door itself, which finds out who it is.
APART = {"acting.py", "door.py", "entering.py"}
TRANSACTION = re.compile(r"\bdatabase\.(read|run|write|look|steady)\b|\bActor\(")


def test_no_screen_opens_a_transaction_of_its_own():
    screens = {str(path): path.read_text() for path in ROOT.rglob("*.py") if path.name not in APART}

    assert [name for name, code in screens.items() if TRANSACTION.search(code)] == []
