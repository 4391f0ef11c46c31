"""Who asks, the keys of machines, and who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_openapi3 import APIBlueprint, Tag

from booking_core import (
    Actor,
    BuilderId,
    ClientId,
    Credential,
    CredentialId,
    NotFound,
    Role,
)
from entrypoints import times, views
from entrypoints.web import answers, reading, schemas
from entrypoints.web.requests import actor, idempotency_key

if TYPE_CHECKING:
    from entrypoints.container import Application

Json = dict[str, Any]
_KEYS = "/api/builders/<id>/api-keys"
_ACCOUNTS = "/api/admin/accounts"


def routes(application: Application) -> APIBlueprint:
    api = APIBlueprint("people", __name__, abp_tags=[Tag(name="People")])
    core = application.core

    def caller() -> Actor:
        return actor(application.identity)

    @api.get("/api/me", summary="Who the caller is", responses={200: answers.Me})
    def me() -> Json:
        return views.me(caller())

    @api.get(
        "/api/me/export",
        summary="All that is held about the client who asks",
        responses={200: answers.ClientExport},
    )
    def export() -> Json:
        exported = core.export_client.own(actor=caller())
        return views.client_export(exported, public_url=application.settings.public_url)

    # ---- keys ------------------------------------------------------------------------------

    def owner(name: str, asking: Actor) -> BuilderId | None:
        """The builder whose keys are meant; None for the caller itself, which may be an admin."""
        return None if name == "me" else core.show_builder.own(name=name, actor=asking).id

    def keys_of(builder_id: BuilderId | None, asking: Actor) -> list[Credential]:
        whose = (Role.BUILDER, builder_id) if builder_id else (asking.role, asking.id)
        found = core.list_api_keys(actor=asking)
        return [each for each in found if each.grant and (each.grant.role, each.grant.id) == whose]

    @api.get(
        _KEYS,
        summary="The API keys of a builder; `me` is the caller itself, an admin too",
        responses={200: answers.ApiKeys},
    )
    def list_api_keys(path: schemas.IdPath) -> Json:
        asking = caller()
        return {
            "apiKeys": [views.api_key(each) for each in keys_of(owner(path.id, asking), asking)]
        }

    @api.post(
        _KEYS, summary="Make an API key; it is shown this once", responses={201: answers.NewApiKey}
    )
    def add_api_key(path: schemas.IdPath, body: schemas.ApiKeyBody) -> tuple[Json, int]:
        asking = caller()
        new = core.add_api_key(
            name=body.name,
            scopes=body.scopes,
            actor=asking,
            builder_id=owner(path.id, asking),
            expires_at=times.instant(body.expiresAt, "/expiresAt") if body.expiresAt else None,
            key=idempotency_key(),
        )
        return views.api_key(new.credential) | {"secret": new.secret or None}, 201

    @api.delete(
        f"{_KEYS}/<child>",
        summary="Revoke an API key, from the next call on",
        responses={200: answers.ApiKey},
    )
    def revoke_api_key(path: schemas.ChildPath) -> Json:
        asking = caller()
        keys = keys_of(owner(path.id, asking), asking)
        if path.child not in {each.id for each in keys}:
            raise NotFound("API key")
        revoked = core.revoke_api_key(key_id=CredentialId(path.child), actor=asking)
        return views.api_key(revoked)

    # ---- accounts --------------------------------------------------------------------------

    def grant(given: schemas.RoleBody, **whom: Any) -> Json:
        asking = caller()
        builder = given.builderId and core.show_builder.own(name=given.builderId, actor=asking)
        account = core.grant_role(
            role=Role(given.role),
            actor=asking,
            builder_id=builder.id if builder else None,
            key=idempotency_key(),
            **whom,
        )
        return views.account(account)

    @api.get(
        _ACCOUNTS, summary="The people whom we know (admin)", responses={200: answers.Accounts}
    )
    def list_accounts(query: schemas.PageQuery) -> Json:
        after = ClientId(query.cursor) if query.cursor else None
        page = core.list_accounts(actor=caller(), after=after, limit=query.limit)
        return {"accounts": [views.account(each) for each in page.accounts], "next": page.next}

    @api.post(
        _ACCOUNTS,
        summary="Give a role to whoever owns an e-mail address (admin)",
        responses={200: answers.Account},
    )
    def grant_by_address(body: schemas.AccountBody) -> Json:
        return grant(body, email=body.email)

    @api.post(
        f"{_ACCOUNTS}/<id>/roles",
        summary="Give a role to an account (admin)",
        responses={200: answers.Account},
    )
    def grant_role(path: schemas.IdPath, body: schemas.RoleBody) -> Json:
        return grant(body, account_id=ClientId(path.id))

    @api.delete(
        f"{_ACCOUNTS}/<id>/roles/<child>",
        summary="Take a role away, with the API keys of the role (admin)",
        responses={200: answers.Account},
    )
    def revoke_role(path: schemas.ChildPath) -> Json:
        asking = caller()
        role = reading.choice(Role, path.child, "/role")
        account = core.revoke_role(account_id=ClientId(path.id), role=role, actor=asking)
        return views.account(account)

    return api
