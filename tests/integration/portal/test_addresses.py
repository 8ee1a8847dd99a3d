"""Where an intranet is found, and what is said where there is none."""

import pytest

from app.scope import ScopedSession
from models import Company, CompanySlug
from tests.factories import Make
from tests.integration.portal.conftest import Visitor


@pytest.mark.parametrize("spelling", ["tosma", "TOSMA", "tOSMA"])
def test_another_spelling_leads_to_the_real_one(visitor: Visitor, spelling: str) -> None:
    answer = visitor.client.get(f"/in/{spelling}/facturas?ano=2026")

    assert (answer.status_code, answer.headers["location"]) == (307, "/in/Tosma/facturas?ano=2026")


def test_a_former_address_leads_to_the_present_one(visitor: Visitor, company: Company, db: ScopedSession) -> None:
    db.add(CompanySlug(company_id=company.id, slug_key="tosma_sa"))
    db.commit()

    answer = visitor.client.get("/in/Tosma_SA/entrar")

    assert (answer.status_code, answer.headers["location"]) == (307, "/in/Tosma/entrar")


@pytest.mark.parametrize("slug", ["Nadie", "a", "x" * 41, "%00", "Tos%20ma", "%C3%B1and%C3%BA", "..%2f..%2fetc"])
def test_an_unknown_intranet_is_a_page_in_spanish(visitor: Visitor, slug: str) -> None:
    answer = visitor.client.get(f"/in/{slug}/entrar")

    assert (answer.status_code, "No existe esa intranet." in answer.text) == (404, True)
    assert "set-cookie" not in answer.headers


def test_a_company_that_nobody_has_confirmed_has_no_intranet(visitor: Visitor, make: Make, db: ScopedSession) -> None:
    db.merge(Company(id=make.home.id, confirmed_at=None))
    db.commit()

    unconfirmed, unknown = visitor.get("/entrar"), visitor.client.get("/in/Nadie/entrar")

    assert (unconfirmed.status_code, unconfirmed.text) == (404, unknown.text)


@pytest.mark.parametrize("path", ["/informes", "/facturas/7/xml", "/a/b/c", "/%00", "/.git/config"])
def test_an_unknown_page_says_so_in_the_companys_own(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)

    assert answer.status_code == 404
    assert "No existe esa página." in answer.text
    assert "Suministros Tosma" in answer.text


def test_a_slash_too_many_is_forgiven(visitor: Visitor) -> None:
    assert visitor.get("/").headers["location"] == "/in/Tosma"
    assert visitor.get("/entrar/").headers["location"] == "/in/Tosma/entrar"


def test_pages_are_not_for_search_engines_nor_caches(visitor: Visitor) -> None:
    page = visitor.get("/entrar")

    assert '<meta name="robots" content="noindex, nofollow">' in page.text
    assert page.headers["cache-control"] == "no-store, private"


def test_a_form_posted_to_a_former_address_starts_again_at_the_door(
    visitor: Visitor, company: Company, db: ScopedSession
) -> None:
    db.add(CompanySlug(company_id=company.id, slug_key="tosma_sa"))
    db.commit()
    former = Visitor(visitor.client, visitor.installation, "/in/Tosma_SA")

    answer = former.post("/perfil/nombre", nombre="Lucía")

    assert (answer.status_code, answer.headers["location"]) == (303, "/in/Tosma/entrar")
