"""Codes of new customers and suppliers."""

import pytest

from app.domain.contacts import next_code


@pytest.fixture
def coded(make, db):
    def coded(*codes):
        for code in codes:
            make.contact().code = code
            db.flush()

    return coded


@pytest.mark.parametrize(
    ("codes", "following"),
    [
        ((), "00001"),
        (("00001", "00217"), "00218"),
        (("00217", "4300A", "9999:", "CLI-9", "12", "1234é"), "00218"),
        (("00217", *(f"4300{n:02d}A" for n in range(30))), "00218"),
        (("1", "2", "10"), "00011"),
        (("99999",), "100000"),
        (("00012", "99999", "100000", "100001"), "100002"),
        (("43000001", "43000002"), "43000003"),
        (("00217", "34915550123"), "00218"),
        (("99999999", "100000000"), "100000001"),
    ],
)
def test_the_next_code_follows_the_highest_of_digits(db, coded, codes, following):
    coded(*codes)

    assert next_code(db) == following


def test_every_code_in_a_row_is_another(db, coded):
    coded("4300A", "99998")
    given = [next_code(db)]
    for _ in range(3):
        coded(given[-1])
        given.append(next_code(db))

    assert given == ["99999", "100000", "100001", "100002"]


def test_codes_of_other_companies_do_not_count(db, coded, make, system_db):
    other = make.company()
    db.commit()
    theirs = type(make)(system_db, other).contact()
    theirs.code = "00500"
    system_db.commit()

    assert next_code(db) == "00001"
