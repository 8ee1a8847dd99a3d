"""A company's colour and logo."""

import io

from PIL import Image

from app.installation import Installation
from app.scope import ScopedSession
from models import Company
from tests.factories import Make
from tests.integration.portal.conftest import Visitor

FOR_EVER = "public, max-age=31536000, immutable"


def test_the_colour_is_a_stylesheet_that_can_be_kept(visitor: Visitor, make: Make, db: ScopedSession) -> None:
    db.merge(Company(id=make.home.id, accent="#ffcc00"))
    db.commit()

    sheet = visitor.get("/aspecto.css?v=ffcc00")

    assert sheet.text == (
        ":root{--accent:#8a6e00;--on:#ffffff}"
        "@media screen and (prefers-color-scheme:dark){:root{--accent:#ffcc00;--on:#0d1b28}}"
    )
    assert (sheet.headers["content-type"], sheet.headers["cache-control"]) == ("text/css; charset=utf-8", FOR_EVER)
    assert "set-cookie" not in sheet.headers
    assert "/in/Tosma/aspecto.css?v=ffcc00" in visitor.get("/entrar").text


def test_the_logo_is_seen_before_signing_in(
    visitor: Visitor, make: Make, db: ScopedSession, installation: Installation
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (64, 32), "#ffcc00").save(picture, "PNG")
    logo = installation.storage.keep(make.home.id, picture.getvalue(), name="logo.png", media_type="image/png")
    db.add(logo)
    db.flush()
    db.merge(Company(id=make.home.id, logo_id=logo.id))
    db.commit()

    page, answer = visitor.get("/entrar"), visitor.get(f"/logo?v={logo.id}")

    assert f'src="/in/Tosma/logo?v={logo.id}"' in page.text
    assert (answer.content, answer.headers["content-type"]) == (picture.getvalue(), "image/png")
    assert answer.headers["cache-control"] == FOR_EVER


def test_only_pictures_are_logos(visitor: Visitor, make: Make, db: ScopedSession, installation: Installation) -> None:
    page = installation.storage.keep(make.home.id, b"<script>", name="logo.html", media_type="text/html")
    db.add(page)
    db.flush()
    db.merge(Company(id=make.home.id, logo_id=page.id))
    db.commit()

    assert visitor.get("/logo").status_code == 404


def test_a_company_without_logo_shows_its_letter(visitor: Visitor) -> None:
    assert visitor.get("/logo").status_code == 404
    assert '<span class="logo" aria-hidden="true">S</span>' in visitor.get("/entrar").text
