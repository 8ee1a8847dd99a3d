"""*Administración → Plantillas*: a look is chosen beside its proof, and what was published keeps its own."""

import io

import pytest
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import select

from app.domain.templates import default_version
from app.scope import SYSTEM
from models import DocumentTemplate, StoredFile, TemplateVersion
from models.enums import Role
from tests.factories import Make
from tests.rig.desk import text_of

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FORM = {"name": "Clásica", "accent": "#7a1f5f", "has_code": "y", "has_tax": "y", "is_default": "y"}


@pytest.fixture
def version(db, company):
    """The company's first template."""
    version = default_version(db)
    db.commit()
    return version


def versions(db):
    db.rollback()
    db.expire_all()
    return db.scalars(select(TemplateVersion).order_by(TemplateVersion.id)).all()


def picture(size=(300, 120), kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", size, "#1f5f8b").save(out, kind)
    return out.getvalue()


def words_of(answer):
    assert answer.headers["content-type"] == "application/pdf"
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(answer.content)).pages)


def test_changing_a_look_adds_a_version_and_publications_keep_theirs(desk, db, make, version):
    publication = make.publication(version=version)
    db.commit()

    page = desk.follow(
        desk.post(
            f"document-template/edit/{version.template_id}",
            FORM | {"intro": "Gracias por su pedido", "legal_footer": "Reg. Merc. de Madrid"},
        )
    )

    first, second = versions(db)
    assert (first.accent, first.columns, first.intro) == ("#1f5f8b", "code,discount,tax", "")
    assert (second.number, second.accent, second.columns, second.intro) == (
        2,
        "#7a1f5f",
        "code,tax",
        "Gracias por su pedido",
    )
    assert publication.template_version_id == first.id
    said = text_of(page)
    assert "Clásica Versión 2" in said
    assert "Lo ya publicado se queda como estaba." in said
    assert "1 documento publicado" in said


@ONLY_SQLITE
def test_saving_without_a_change_adds_no_version(desk, db, version):
    fields = {"name": "Clásica", "accent": version.accent, "has_code": "y", "has_discount": "y", "has_tax": "y"}

    desk.post(f"document-template/edit/{version.template_id}", fields | {"is_default": "y", "name": "La de siempre"})

    assert [one.number for one in versions(db)] == [1]
    assert db.scalars(select(DocumentTemplate.name)).all() == ["La de siempre"]


@ONLY_SQLITE
def test_a_new_template_begins_with_the_companys_look(desk, db, company, version):
    page = desk.get("document-template/create")
    answer = desk.post("document-template/create", FORM | {"name": "Exportación", "intro": "Thank you"})

    assert 'value="#1f5f8b"' in page.text
    assert answer.status_code == 303
    db.rollback()
    found = {template.name: template.is_default for template in db.scalars(select(DocumentTemplate))}
    assert found == {"Clásica": False, "Exportación": True}


def test_a_logo_is_made_harmless_and_kept_by_the_next_version(desk, db, version):
    path = f"document-template/edit/{version.template_id}"

    desk.post(path, FORM, files={"logo": ("Mi logo.jpg", picture(kind="JPEG"), "image/jpeg")})
    desk.post(path, FORM | {"intro": "Otra cosa"})
    with_logo = versions(db)
    page = desk.get(f"document-template/logo/{version.template_id}")
    desk.post(path, FORM | {"removes_logo": "y"})

    assert [one.logo_id is not None for one in with_logo] == [False, True, True]
    assert (page.headers["content-type"], page.content[:4]) == ("image/png", b"\x89PNG")
    assert [file.name for file in db.scalars(select(StoredFile))] == ["logo.png"]
    assert versions(db)[-1].logo_id is None
    assert desk.get(f"document-template/logo/{version.template_id}").status_code == 404


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"GIF89a not a picture we take", "El logotipo no es una imagen PNG o JPEG válida."),
        (b"", "El logotipo no es una imagen PNG o JPEG válida."),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "El logotipo no es una imagen PNG o JPEG válida."),
        (picture()[:60], "El logotipo no es una imagen PNG o JPEG válida."),
        (picture((12_000, 12_000)), "El logotipo"),
        (picture() + b"x" * 2_200_000, "El logotipo ocupa demasiado: como mucho 2 MB."),
    ],
    ids=["gif", "empty", "svg", "cut", "12000", "heavy"],
)
def test_a_logo_that_cannot_be_is_told_beside_its_field(desk, db, version, content, sentence):
    logo = {"logo": ("logo.png", content, "image/png")}

    answer = desk.post(f"document-template/edit/{version.template_id}", FORM, files=logo)
    preview = desk.post(f"document-template/preview?of={version.template_id}", FORM, files=logo)

    assert (answer.status_code, preview.status_code) == (422, 422)
    assert sentence in text_of(answer)
    assert sentence in text_of(preview)
    assert len(versions(db)) == 1
    assert db.scalars(select(StoredFile)).all() == []


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Rellene este dato."),
        ("name", "x" * 1_000_000, "Como mucho 40 caracteres."),
        ("name", "a\x00b", "caracteres"),
        ("accent", "red", "Escriba un color como #1f5f8b."),
        ("accent", "#1f5f8b;}", "Escriba un color como #1f5f8b."),
        ("intro", "Gracias 😀", "No se puede imprimir «😀»"),
        ("intro", "x" * 1501, "Como mucho 1500 caracteres."),
        ("legal_footer", "\x07", "caracteres"),
        ("legal_footer", "x" * 1_000_000, "Como mucho 900 caracteres."),
    ],
    ids=range(9),
)
def test_what_cannot_be_is_told_beside_its_field(desk, db, version, field, value, sentence):
    answer = desk.post(f"document-template/edit/{version.template_id}", FORM | {field: value})

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert len(versions(db)) == 1


@ONLY_SQLITE
def test_two_templates_cannot_share_a_name_and_one_is_the_default(desk, db, version):
    desk.post("document-template/create", {"name": "Sencilla", "accent": "#000000"})
    path = f"document-template/edit/{version.template_id}"
    plain = {name: value for name, value in FORM.items() if name != "is_default"}

    taken = desk.post(path, FORM | {"name": "Sencilla"})
    none_left = desk.post(path, plain)

    assert "Ya hay una plantilla con ese nombre." in text_of(taken)
    assert "Para que deje de serlo, marque otra" in text_of(none_left)
    assert len(versions(db)) == 2


def test_a_template_is_archived_and_recovered_but_not_the_default(desk, db, version):
    desk.post("document-template/create", {"name": "Sencilla", "accent": "#000000"})
    other = versions(db)[-1].template

    refused = desk.post(f"document-template/archive/{version.template_id}")
    archived = desk.follow(desk.post(f"document-template/archive/{other.id}"))
    recovered = desk.follow(desk.post(f"document-template/archive/{other.id}?recuperar=1"))

    assert (refused.status_code, "Es la plantilla por defecto." in text_of(refused)) == (409, True)
    assert "Plantilla «Sencilla» archivada. Plantillas Sencilla Versión 1 Archivada" in text_of(archived).replace(
        "/ ", ""
    )
    assert "Plantilla «Sencilla» recuperada." in text_of(recovered)


def test_a_proof_shows_what_is_being_chosen(desk, db, make, version):
    made_up = words_of(desk.post("document-template/preview", FORM | {"intro": "Gracias", "legal_footer": "Al pie"}))
    make.invoice(lines=[make.line(code="CU-1", concept="Cuadro", discount_rate=5)])
    db.commit()

    real = desk.post(f"document-template/preview?of={version.template_id}", FORM)
    kept = words_of(desk.get(f"document-template/preview/{version.id}"))

    assert all(part in made_up for part in ("Gracias", "Al pie", "Cliente de ejemplo, S.L."))
    assert "Factura FV26-0001" in words_of(real)
    assert ["Dto." in words for words in (words_of(real), kept)] == [False, True]
    assert "frame-ancestors 'self'" in real.headers["content-security-policy"]
    assert len(versions(db)) == 1


@ONLY_SQLITE
def test_roles_see_or_change(sit, db, version):
    desk = sit(Role.READER)

    assert desk.get("document-template/list").status_code == 200
    assert "Solo consulta" in text_of(desk.get(f"document-template/details/{version.template_id}"))
    assert desk.get(f"document-template/preview/{version.id}").status_code == 200
    posted = [f"edit/{version.template_id}", "create", f"archive/{version.template_id}"]
    assert [desk.post(f"document-template/{path}", FORM).status_code for path in posted] == [403] * 3


@ONLY_SQLITE
def test_templates_of_another_company_do_not_exist(desk, db, make_session, company):
    with make_session(scope=SYSTEM) as system:
        make = Make(system, company)
        version = make.template(company_id=make.company().id)
        system.commit()

    paths = [f"edit/{version.template_id}", f"details/{version.template_id}", f"preview/{version.id}"]
    answers = [desk.get(f"document-template/{path}").status_code for path in [*paths, "preview/x", "preview/999"]]
    posted = [
        desk.post(f"document-template/{path}/{version.template_id}", FORM).status_code for path in ("edit", "archive")
    ]

    assert answers == [404] * 5
    assert posted == [404] * 2
    assert "Plantilla" not in text_of(desk.get("document-template/list")).partition("Nueva plantilla")[2]
