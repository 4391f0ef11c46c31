"""Operators say who may do what, and give out keys."""

import pytest

from booking_core import InvalidCredentials, Proof, Role, Scope
from entrypoints.container import Application
from tests.integration.cli.conftest import Command

CY = Proof(
    issuer="https://id.example.org", subject="cy", email="cy@example.org", email_verified=True
)


def test_the_account_of_a_builder_is_listed(run: Command) -> None:
    [ada] = run.json("accounts")["accounts"]
    assert ada["contact"]["email"] == "ada@example.org"
    assert (ada["roles"], ada["emailProved"], ada["issuers"]) == (["builder"], False, [])
    listed = run("accounts").stdout
    assert ada["id"] in listed
    assert "Ada Byron <ada@example.org>" in listed
    assert f"builder {ada['builderId']}, address not proved" in " ".join(listed.split())
    assert "address not proved" in listed


def test_long_lists_have_pages(run: Command) -> None:
    run("accounts", "grant", "cy@example.org", "--role", "admin")
    first = run.json("accounts", "--limit", "1")
    assert first["next"] == first["accounts"][0]["id"]
    assert f"--after {first['next']}" in run("accounts", "--limit", "1").stdout
    second = run.json("accounts", "--after", first["next"])
    assert second["next"] is None
    assert {each["id"] for each in second["accounts"]}.isdisjoint({first["next"]})


@pytest.mark.parametrize("by", ["id", "address"])
def test_who_is_made_an_admin_is_one_as_soon_as_it_signs_in(
    run: Command, service: Application, by: str
) -> None:
    told = run("accounts", "grant", "cy@example.org", "--role", "admin").stdout
    assert told.strip() == "cy@example.org is an admin now."
    actor = service.core.actor_of_proof(proof=CY)
    assert actor.role is Role.ADMIN
    named = str(actor.id) if by == "id" else "cy@example.org"
    told = run("accounts", "revoke", named, "--role", "admin").stdout
    assert "is not an admin (any more)" in told
    assert service.core.actor_of_proof(proof=CY).role is Role.CLIENT


def test_an_account_is_made_the_builder_that_it_is(run: Command, service: Application) -> None:
    cy = service.core.actor_of_proof(proof=CY)
    account = run.json("accounts", "grant", str(cy.id), "--role", "builder", "--builder", "ada")
    assert account["account"]["roles"] == ["builder"]
    actor = service.core.actor_of_proof(proof=CY)
    ada = run.json("builders")["builders"][0]["id"]
    assert (actor.role, actor.id) == (Role.BUILDER, ada)
    run("accounts", "revoke", str(cy.id), "--role", "builder")
    assert service.core.actor_of_proof(proof=CY).role is Role.CLIENT


def test_roles_that_cannot_be_given_are_told(run: Command) -> None:
    run("accounts", "grant", "cy@example.org", "--role", "builder", code=2)
    run("accounts", "grant", "cy@example.org", "--role", "client", code=2)
    run("accounts", "grant", "cy@example.org", code=2)
    run("accounts", "grant", "cli_nobody", "--role", "admin", code=66)
    run("accounts", "revoke", "cli_nobody", "--role", "admin", code=66)
    run("accounts", "revoke", "nobody@example.org", "--role", "admin", code=66)
    run("accounts", "grant", "@", "--role", "admin", code=65)
    run("accounts", "grant", "a@b.org", "--role", "builder", "--builder", "nobody", code=66)


def test_a_key_is_printed_once_and_acts_within_its_scopes(
    run: Command, service: Application
) -> None:
    add = ("api-keys", "add", "--name", "Till", "--scope", "read", "--scope", "bookings")
    secret = run(*add, "--builder", "ada").stdout.strip()
    assert secret.startswith("bk_")
    actor = service.identity.of_bearer(token=secret)
    assert actor.role is Role.BUILDER
    assert actor.scopes == {Scope.READ, Scope.BOOKINGS}
    listed = run("api-keys").stdout
    assert "Till" in listed
    assert "bookings read" in listed
    assert secret not in listed + run("api-keys", "--json").stdout


def test_a_revoked_key_opens_nothing(run: Command, service: Application) -> None:
    made = run.json("api-keys", "add", "--name", "Nightly", "--scope", "operations")["apiKey"]
    assert (made["role"], made["ownerId"], made["revokedAt"]) == ("admin", None, None)
    assert service.identity.of_bearer(token=made["secret"]).role is Role.ADMIN
    assert "opens nothing now" in run("api-keys", "revoke", made["id"]).stdout
    with pytest.raises(InvalidCredentials):
        service.identity.of_bearer(token=made["secret"])
    assert "(revoked " in run("api-keys").stdout
    run("api-keys", "revoke", "key_nothing", code=66)


def test_keys_of_one_builder_are_listed_by_themselves(run: Command) -> None:
    assert "There are no API keys" in run("api-keys").stdout
    run("api-keys", "add", "--name", "Hers", "--scope", "read", "--builder", "ada")
    run("api-keys", "add", "--name", "Ours", "--scope", "read")
    assert [each["name"] for each in run.json("api-keys")["apiKeys"]] == ["Hers", "Ours"]
    assert [each["name"] for each in run.json("api-keys", "--builder", "ada")["apiKeys"]] == [
        "Hers"
    ]


def test_a_key_may_end_by_itself(run: Command) -> None:
    add = ("api-keys", "add", "--name", "Guest", "--scope", "read", "--expires")
    made = run.json(*add, "2099-01-01T00:00:00+01:00")["apiKey"]
    assert made["expiresAt"] == "2098-12-31T23:00:00Z"
    assert "(until" in run("api-keys").stdout
    run(*add, "2020-01-01T00:00:00Z", code=65)
    run(*add, "tomorrow", code=65)
    run("api-keys", "add", "--name", "", "--scope", "read", code=65)
    run("api-keys", "add", "--name", "Guest", code=2)
    run("api-keys", "add", "--name", "Guest", "--scope", "everything", code=2)
