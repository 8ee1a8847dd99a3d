"""Looking through what is kept: everything once, so much at a time."""

import pytest

from app.commands import checking
from app.scope import CompanyScope
from models import StoredFile


@pytest.mark.parametrize("names", ["", "abcd", "abcde"], ids=["none", "full", "and one more"])
def test_every_file_is_looked_at_so_many_at_a_time(db, installation, company, monkeypatch, names):
    monkeypatch.setattr(checking, "CHUNK", 2)
    db.add_all(StoredFile(sha256=name * 64, size=1, media_type="application/pdf", name=name) for name in names)
    db.commit()

    found = checking.kept_files(installation, CompanyScope(company.id))

    assert "".join(file.name for file in found) == names
