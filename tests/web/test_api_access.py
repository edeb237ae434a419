"""Each role on each operation of the API gets what the table of access says."""

import logging

import pytest

from riverloop.web.access import PAGES, PUBLIC, ROLES, SIGNED_IN
from riverloop.web.api import problems
from riverloop.web.api.root import every_operation
from tests.web.programs import Program, is_problem, program_of

pytestmark = pytest.mark.django_db
NOBODYS = "0" * 26
REFUSED = {401, 403}


@pytest.fixture(autouse=True)
def _quiet():
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("django.request").setLevel(logging.NOTSET)


def operations():
    return [one for address in every_operation() for one in address]


def test_every_operation_has_its_row_and_no_row_is_of_none():
    named = {f"api:{one.view_func.__name__}" for one in operations()}
    assert named | {"api:openapi"} == {name for name in PAGES if name.startswith("api:")}


def test_no_two_operations_share_a_name():
    names = [one.view_func.__name__ for one in operations()]
    assert len(names) == len(set(names))


def ask(program, operation, path):
    (method,) = operation.methods
    return program.ask(method, path, None if method == "GET" else b"{}", If_Match="*")


def addresses(cast):
    """Give each operation with an address at which it is asked."""
    from riverloop.web.api.openapi import described

    paths = {one["operationId"]: path for path, methods in described()["paths"].items() for one in methods.values()}
    known = {"person_id": cast.hana_herself.id, "name": "category"}
    for operation in operations():
        path = paths[operation.view_func.__name__]
        for step in path.split("/"):
            if step.startswith("{"):
                path = path.replace(step, known.get(step[1:-1], NOBODYS))
        yield operation, path


@pytest.mark.parametrize("role", [PUBLIC, SIGNED_IN, *ROLES])
def test_each_role_gets_on_each_operation_what_the_table_says(cast, role):
    user = cast.of_role(role)
    program = program_of(user) if user else Program()
    wrong = {}
    for operation, path in addresses(cast):
        name = operation.view_func.__name__
        page, response = PAGES[f"api:{name}"], ask(program, operation, path)
        admitted = PUBLIC in page.who or (user is not None and (SIGNED_IN in page.who or role in page.who))
        if admitted:
            good = response.status_code not in REFUSED and response.status_code < 500
        else:
            good = is_problem(response, 403 if user else 401, "forbidden" if user else "unauthenticated")
        if not good or (response.status_code >= 400 and response.headers["Content-Type"] != problems.MEDIA_TYPE):
            wrong[name] = response.status_code
    assert wrong == {}


@pytest.mark.parametrize("role", ROLES)
def test_a_session_is_nobody_to_the_api(cast, enter, role):
    client = enter(cast.of_role(role))
    for operation, path in addresses(cast):
        if PUBLIC not in PAGES[f"api:{operation.view_func.__name__}"].who:
            (method,) = operation.methods
            assert client.generic(method, path, b"{}", content_type="application/json").status_code == 401, path


@pytest.mark.parametrize("role", [role for role in ROLES if role != "holder"])
def test_an_operation_that_the_table_forgot_is_closed_to_all(cast, role, monkeypatch):
    from riverloop.web import access

    kept = {name: page for name, page in PAGES.items() if name != "api:me"}
    monkeypatch.setattr(access, "PAGES", kept)
    assert is_problem(program_of(cast.of_role(role)).get("/me"), 403, "forbidden")
