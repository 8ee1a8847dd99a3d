"""The API asked everything its own document allows, and much that it forbids, by a generator that read only that.

Whatever is asked, the answer is one that the document lists, in the form it promises; what it forbids is refused. When
the asking is over, the books of the company are still in order.
"""

from pathlib import Path
from typing import Any

import requests
import schemathesis
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from app.commands.checking import whatever_is_wrong
from app.demo.loading import load_demo
from app.domain.webhooks import SaveWebhook, save_webhook
from app.installation import Installation, open_installation
from app.main import create_app
from app.migrations import migrate
from app.scope import SYSTEM, Actor, CompanyScope, ScopedSession
from app.settings import Settings
from models import ApiKey, Company
from models.enums import WebhookEvent
from tests.faults import Report
from tests.faults.office import on_both_databases

EXAMPLES = 165
"""Of each kind and operation in a whole proof; in a fiftieth, three."""

INVOICES = 60
PARTS = frozenset({"method", "url", "headers", "params", "data", "json", "cookies", "files"})
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


def prove(scale: float, seed: int, report: Report) -> None:
    examples = max(1, round(EXAMPLES * scale))
    on_both_databases(lambda url, folder: _prove_on(url, folder, examples, seed, report))


def _prove_on(url: str, folder: Path, examples: int, seed: int, report: Report) -> None:
    installation = _installation(url, folder)
    key = _prepare(installation)
    asker = Asker(installation, key)
    asker.ask_everything(examples, seed)
    database, asked = url.partition(":")[0], len(asker.operations)
    report(f"{database}, semilla {seed}: {asker.answers} respuestas a {asked} operaciones")
    with installation.database.read(SYSTEM) as db:
        companies = db.scalars(sa.select(Company.id).order_by(Company.id)).all()
    wrong = [sentence for company_id in companies for sentence in whatever_is_wrong(installation, company_id)]
    installation.database.engine.dispose()
    assert wrong == [], f"the books are not in order: {wrong}"


class Asker:
    """A program with a key that may do everything, as often as it likes."""

    def __init__(self, installation: Installation, key: str) -> None:
        app = create_app(installation.settings, installation)
        base_url = installation.settings.base_url
        self.client = TestClient(app, base_url=base_url, raise_server_exceptions=False)
        self.address, self.key = f"{base_url}/api/v1", key
        document = self.client.get("/api/v1/openapi.json").json()
        del document["security"], document["components"]["securitySchemes"]  # it is the key that is never wrong
        found: Any = schemathesis.openapi.from_dict(document).get_all_operations()
        self.operations = [one.ok() for one in found]
        self.answers = 0

    def ask_everything(self, examples: int, number: int) -> None:
        """Raises ``AssertionError`` at the first answer that is not as it must be."""
        many = settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )
        for operation in self.operations:
            for mode in GenerationMode:
                if mode is GenerationMode.NEGATIVE and not _can_be_wrong(operation):
                    continue
                asked = given(case=operation.as_strategy(generation_mode=mode))(self._ask)
                try:
                    seed(number)(many(asked))()
                except FailureGroup as failures:
                    raise AssertionError(f"{operation.label}: {failures.message}") from failures

    def _ask(self, case: Any) -> None:
        """Word for word what ``requests`` would send."""
        asked = case.as_transport_kwargs(base_url=self.address, headers={"Authorization": f"Bearer {self.key}"})
        sent: Any = requests.Request(**{name: value for name, value in asked.items() if name in PARTS}).prepare()
        headers = [(name.encode("latin-1"), _bytes(value)) for name, value in sent.headers.items()]
        answer = self.client.request(sent.method, sent.url, content=_bytes(sent.body or b""), headers=headers)
        self.answers += 1
        case.validate_response(answer, checks=CHECKS)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


def _can_be_wrong(operation: Any) -> bool:
    """Whether it takes anything at all."""
    return bool(operation.body or operation.query or operation.path_parameters)


def _installation(url: str, folder: Path) -> Installation:
    settings = Settings(
        data_dir=folder,
        database_url=url,
        base_url="http://127.0.0.1",
        storage_url=(folder / "files").as_uri(),
        secret_keys=("proof" * 10,),
        run_worker=False,
        demo=True,
    )
    installation = open_installation(settings)
    migrate(installation.database.engine)
    return installation


def _prepare(installation: Installation) -> str:
    """The sample companies, and somebody of the first who listens. The key of the demonstration, without a limit."""
    key = load_demo(installation, lambda line: None, invoices=INVOICES).api_key

    def prepare(db: ScopedSession) -> None:
        db.scalars(sa.select(ApiKey)).one().per_minute = 10**9
        webhook = SaveWebhook(name="Tienda", url="https://tienda.example/", events=list(WebhookEvent))
        save_webhook(db, installation.keys, webhook)

    with installation.database.read(SYSTEM) as db:
        company_id = db.scalars(sa.select(ApiKey.company_id)).one()
    installation.database.run(CompanyScope(company_id), prepare, Actor("prueba"))
    return key
