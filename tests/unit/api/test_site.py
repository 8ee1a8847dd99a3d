"""The API as a whole: not loaded before it is asked for, every address declared, one document of all of it."""

import re
import subprocess
import sys

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from app.api import Api
from app.api.openapi import written_document
from app.api.site import all_endpoints
from app.api.v1 import MODULES
from app.domain.api_keys import LEAST_ROLE
from app.routes import describe
from models.enums import ApiScope

WITHOUT = """
import sys
import app.main, app.worker, app.serving, app.cli
print([name for name in ("pydantic", "app.api.site", "app.api.v1", "app.webhook_courier") if name in sys.modules])
"""
DOCUMENT = written_document(MODULES, "https://clientes.example")


def test_nothing_of_it_is_loaded_at_the_start():
    said = subprocess.run([sys.executable, "-c", WITHOUT], check=True, capture_output=True, text=True)

    assert said.stdout.strip() == "[]"


def test_every_address_says_who_may_use_it():
    found = describe(Starlette(routes=[Mount("/api", Api())]), {}, [])

    programs = [route for route in found if route.audience == "program"]
    assert {route.path for route in found if route.audience == "public"} == {"/api/v1/openapi.json", "/api/v1/docs"}
    assert len(programs) == len(all_endpoints())
    assert {route.permission for route in programs} == {scope.value for scope in ApiScope} == set(LEAST_ROLE)
    assert {(route.methods == ("GET", "HEAD"), route.csrf) for route in programs} == {(True, "safe"), (False, "key")}


def test_names_are_one_s_own():
    names = [endpoint.name for endpoint in all_endpoints()]

    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere():
    known = set(DOCUMENT["components"]["schemas"])

    assert set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT))) <= known
    assert not [name for name in known if name.endswith("_")]


def test_a_list_is_read_like_any_other():
    for endpoint in all_endpoints():
        if getattr(endpoint.answer, "__name__", "") == "Page":
            assert endpoint.method == "GET"


@pytest.mark.parametrize("endpoint", all_endpoints(), ids=lambda endpoint: endpoint.name)
def test_what_is_written_down_is_what_is_declared(endpoint):
    operation = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]

    parameters = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
    assert parameters == set(endpoint.query.model_fields if endpoint.query else ())
    assert ("requestBody" in operation) == endpoint.carries
    assert str(endpoint.status) in operation["responses"]
    assert {"401", "403", "422", "429"} <= set(operation["responses"])
    assert operation["x-scope"] == endpoint.scope.value
