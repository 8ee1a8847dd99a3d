"""What the audit shows is said in Spanish: every field it records, every value from a closed list, every figure."""

import pytest
from sqlalchemy import Enum, inspect

from admin_views.words import ENTITIES, ENTITY_NAMES, FIELDS, FIGURES, field_value
from app.domain.access import AccessWithdrawn, Granted
from app.domain.audit import AUDITED, SILENT
from app.domain.publishing import Published
from app.domain.withdrawing import Undone, Withdrawn

RECORDED = [(model, column) for model in AUDITED for column in inspect(model).column_attrs if column.key not in SILENT]


def test_every_audited_field_has_a_word():
    assert {column.key for _model, column in RECORDED} - set(FIELDS) == set()


def test_every_audited_value_of_a_closed_list_has_a_word():
    silent = [
        (model.__name__, column.key, value)
        for model, column in RECORDED
        if isinstance(kind := column.columns[0].type, Enum)
        for value in kind.enums
        if field_value(column.key, value) == value
    ]

    assert silent == []


def test_every_audited_table_has_a_name():
    tables = {model.__tablename__ for model in AUDITED}

    assert (tables - set(ENTITIES), tables - set(ENTITY_NAMES)) == (set(), set())


@pytest.mark.parametrize("result", [Published, Withdrawn, Undone, Granted, AccessWithdrawn])
def test_every_figure_of_a_bulk_action_has_a_word(result):
    assert set(result.__struct_fields__) - {"batch_id", "again"} - set(FIGURES) == set()
