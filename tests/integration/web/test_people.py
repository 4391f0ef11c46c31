"""Who the caller is, keys for machines, who may do what, and whose an anonymous booking is."""

from __future__ import annotations

from typing import Any

import pytest

from booking_core import Actor, Proof, Role, TrailFilter
from entrypoints.container import Application
from tests.integration.web.conftest import BO, BOOKINGS, Caller

ME, MINE, ACCOUNTS = "/api/me", "/api/builders/me/api-keys", "/api/admin/accounts"
KEY = {"name": "Till", "scopes": ["bookings", "read"]}


@pytest.fixture
def bo(anyone: Caller, application: Application) -> Caller:
    """A client who has proved the address that the usual booking is made with."""
    account = signs_in(application, "bo", verified=True)
    return anyone.as_(f"Bearer {application.mint(role=Role.CLIENT, id=str(account.id))}")


def signs_in(application: Application, name: str, *, verified: bool) -> Actor:
    proof = Proof(
        issuer="https://id.example.org",
        subject=name,
        email=f"{name}@example.org",
        email_verified=verified,
    )
    return application.core.actor_of_proof(proof=proof)


# ---- who asks ------------------------------------------------------------------------------------


def test_everybody_is_told_who_they_are(anyone: Caller, ana: Caller, robin: Caller) -> None:
    nobody = {"role": "anonymous", "id": None, "contact": None, "scopes": None}
    assert anyone.json("GET", ME) == nobody
    assert anyone.as_("Booking whatever").json("GET", ME) == nobody
    told = ana.json("GET", ME)
    assert (told["role"], told["id"], told["scopes"]) == ("client", "ana", None)
    assert told["contact"]["email"] == "ana@example.org"
    assert robin.json("GET", ME)["role"] == "builder"


def test_a_key_is_told_what_it_may(anyone: Caller, robin: Caller) -> None:
    made = robin.json("POST", MINE, 201, json=KEY)
    told = anyone.as_(f"Bearer {made['secret']}").json("GET", ME)
    assert (told["role"], told["id"]) == ("builder", "demo")
    assert told["scopes"] == ["bookings", "read"]


# ---- keys ----------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_listed_without_its_secret(robin: Caller) -> None:
    made = robin.json("POST", MINE, 201, json=KEY)
    secret = made.pop("secret")
    assert secret.startswith("bk_")
    assert made["name"] == "Till"
    assert robin.json("GET", MINE)["apiKeys"] == [made]
    assert secret not in robin("GET", MINE).text


def test_a_repeat_under_the_same_key_makes_no_other_one_and_shows_no_secret(robin: Caller) -> None:
    once = {"Idempotency-Key": "k-1"}
    first = robin.json("POST", MINE, 201, json=KEY, headers=once)
    again = robin.json("POST", MINE, 201, json=KEY, headers=once)
    assert again == first | {"secret": None}
    assert len(robin.json("GET", MINE)["apiKeys"]) == 1
    robin.refused(422, "key_reused", "POST", MINE, json=KEY | {"name": "B"}, headers=once)


def test_a_key_books_for_its_builder_and_nothing_else(anyone: Caller, robin: Caller) -> None:
    made = robin.json("POST", MINE, 201, json=KEY)
    till = anyone.as_(f"Bearer {made['secret']}")
    booking = anyone.book()
    assert till.json("GET", f"{BOOKINGS}/{booking['id']}")["id"] == booking["id"]
    till.json("POST", f"{BOOKINGS}/{booking['id']}/cancel")
    problem = till.refused(
        403, "not_allowed", "PATCH", "/api/admin/builders/demo", json={"headline": "Cheap"}
    )
    assert "'catalogue'" in problem["detail"]
    till.refused(403, "not_allowed", "POST", MINE, json=KEY)


def test_a_revoked_key_is_worthless_from_the_next_call_on(anyone: Caller, robin: Caller) -> None:
    made = robin.json("POST", MINE, 201, json=KEY)
    till = anyone.as_(f"Bearer {made['secret']}")
    till.json("GET", ME)
    ended = robin.json("DELETE", f"{MINE}/{made['id']}")
    assert ended["revokedAt"]
    assert robin.json("DELETE", f"{MINE}/{made['id']}") == ended
    till.refused(401, "invalid_credentials", "GET", ME)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["everything"]}, "/scopes/0"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "/expiresAt"),
        ({"expiresAt": "soon"}, "/expiresAt"),
        ({"role": "admin"}, "/role"),
    ],
    ids=str,
)
def test_a_key_that_makes_no_sense_is_refused(
    robin: Caller, wrong: dict[str, Any], pointer: str
) -> None:
    problem = robin.refused(422, "invalid_request", "POST", MINE, json=KEY | wrong)
    assert [each["pointer"] for each in problem["errors"]] == [pointer]


def test_who_is_no_builder_and_no_admin_has_no_keys(anyone: Caller, ana: Caller) -> None:
    for caller in (anyone, ana):
        caller.refused(403, "not_allowed", "GET", MINE)
        caller.refused(403, "not_allowed", "POST", MINE, json=KEY)


# ---- accounts ------------------------------------------------------------------------------------


def test_a_role_is_granted_to_an_address_and_taken_from_the_account(
    admin: Caller, application: Application
) -> None:
    account = admin.json("POST", ACCOUNTS, json={"email": "cy@example.org", "role": "admin"})
    assert (account["roles"], account["emailProved"]) == (["admin"], False)
    assert signs_in(application, "cy", verified=False).role is Role.CLIENT  # anybody could say so
    proof = Proof(issuer="x", subject="cy", email="cy@example.org", email_verified=True)
    assert application.core.actor_of_proof(proof=proof).role is Role.ADMIN
    path = f"{ACCOUNTS}/{account['id']}/roles"
    assert admin.json("DELETE", f"{path}/admin")["roles"] == []
    assert application.core.actor_of_proof(proof=proof).role is Role.CLIENT
    granted = admin.json("POST", path, json={"role": "builder", "builderId": "demo"})
    assert (granted["roles"], granted["builderId"]) == (["builder"], "demo")
    actor = application.core.actor_of_proof(proof=proof)
    assert (actor.role, actor.id, actor.contact) == (Role.BUILDER, "demo", proof.contact)


def test_a_repeated_grant_shows_nothing_of_who_was_erased(
    admin: Caller, application: Application
) -> None:
    once: dict[str, Any] = {
        "json": {"email": "cy@example.org", "role": "admin"},
        "headers": {"Idempotency-Key": "k"},
    }
    made = admin.json("POST", ACCOUNTS, **once)
    assert admin.json("POST", ACCOUNTS, **once) == made
    admin.json("DELETE", f"{ACCOUNTS}/{made['id']}/roles/admin")
    application.core.erase_client(email="cy@example.org", actor=Actor.admin())
    admin.refused(404, "not_found", "POST", ACCOUNTS, **once)


def test_accounts_are_listed_page_by_page(admin: Caller, application: Application) -> None:
    for name in ("ana", "bo", "cy"):
        signs_in(application, name, verified=True)
    whole = admin.json("GET", ACCOUNTS)
    assert whole["next"] is None
    issuers = [each["issuers"] for each in whole["accounts"]]
    assert sorted(issuers) == [[], *[["https://id.example.org"]] * 3]  # and the builder
    first = admin.json("GET", ACCOUNTS, query_string={"limit": 2})
    rest = admin.json("GET", ACCOUNTS, query_string={"limit": 2, "cursor": first["next"]})
    assert first["accounts"] + rest["accounts"] == whole["accounts"]
    assert len(first["accounts"]) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "system"},
        {"role": "builder"},
        {"email": "nobody"},
        {"email": None},
        {"isAdmin": True},
    ],
    ids=str,
)
def test_a_role_that_cannot_be_given_is_refused(admin: Caller, wrong: dict[str, Any]) -> None:
    before = admin.json("GET", ACCOUNTS)
    body = {"email": "cy@example.org", "role": "admin"} | wrong
    admin.refused(422, "invalid_request", "POST", ACCOUNTS, json=body)
    assert admin.json("GET", ACCOUNTS) == before


def test_a_role_that_nobody_has_cannot_be_taken(admin: Caller, application: Application) -> None:
    account = signs_in(application, "bo", verified=True)
    path = f"{ACCOUNTS}/{account.id}/roles"
    assert admin.json("DELETE", f"{path}/builder")["roles"] == []
    for role in ("client", "everything"):
        admin.refused(422, "invalid_request", "DELETE", f"{path}/{role}")


# ---- claiming ------------------------------------------------------------------------------------


def test_the_owner_of_its_address_makes_an_anonymous_booking_its_own(
    anyone: Caller, bo: Caller
) -> None:
    booking = anyone.book()
    assert bo.json("GET", BOOKINGS)["bookings"] == []
    claimed = bo.json("POST", f"{BOOKINGS}/{booking['id']}/claim")["booking"]
    assert claimed["clientId"] == bo.json("GET", ME)["id"]
    assert [each["id"] for each in bo.json("GET", BOOKINGS)["bookings"]] == [booking["id"]]
    assert bo.json("POST", f"{BOOKINGS}/{booking['id']}/claim")["booking"] == claimed
    holder = anyone.as_(f"Booking {booking['manageToken']}")
    assert holder.json("GET", f"{BOOKINGS}/{booking['id']}")["id"] == booking["id"]


def test_an_address_that_is_only_said_claims_nothing(
    anyone: Caller, application: Application
) -> None:
    booking = anyone.book()
    account = signs_in(application, "bo", verified=False)
    said = {"name": BO["name"], "email": BO["email"]}
    for id in (str(account.id), "bo"):
        token = application.mint(role=Role.CLIENT, id=id, **said)
        caller = anyone.as_(f"Bearer {token}")
        caller.refused(404, "not_found", "POST", f"{BOOKINGS}/{booking['id']}/claim")


# ---- what is held about oneself ------------------------------------------------------------------


def test_a_client_gets_all_that_is_held_about_it_and_nothing_else(
    ana: Caller, anyone: Caller, robin: Caller, application: Application
) -> None:
    mine = ana.book()
    anyone.book(place=1)
    held = ana.json("GET", f"{ME}/export")
    assert [each["id"] for each in held["bookings"]] == [mine["id"]]
    assert held["bookings"][0]["contact"] == mine["contact"]
    assert "manageToken" not in held["bookings"][0]
    assert {each["subject"] for each in held["trail"]} == {f"booking:{mine['id']}"}
    (entry, *_) = robin.json("GET", "/api/admin/trail")["entries"]
    assert entry["name"] != "client exported"
    found = application.core.list_trail(criteria=TrailFilter(limit=1), actor=Actor.system())
    assert [(each.name, each.by) for each in found.entries] == [("client exported", "client:ana")]


def test_an_export_is_kept_by_no_cache(ana: Caller) -> None:
    assert "no-store" in ana("GET", f"{ME}/export").headers["Cache-Control"]
