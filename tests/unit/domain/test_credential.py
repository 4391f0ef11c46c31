from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest

from booking_core import CredentialId, CredentialKind, Grant, InvalidRequest, Role, Scope
from booking_core.domain.credential import LinkKey, digest, mint
from booking_core.testing.examples import NOW, a_credential

LINK = CredentialId("lnk_1")


@pytest.mark.parametrize("kind", CredentialKind)
def test_a_secret_is_random_and_kept_as_its_digest(kind: CredentialKind) -> None:
    one, other = (mint(kind, id=LINK, created_at=NOW) for _ in range(2))
    assert one.secret != other.secret
    assert re.fullmatch(r"(bk_)?[A-Za-z0-9_-]{43}", one.secret)
    assert one.secret.startswith("bk_") or kind is not CredentialKind.API_KEY
    assert one.credential.digest == hashlib.sha256(one.secret.encode()).hexdigest()
    assert one.secret not in f"{one!r} {one}"
    assert one.credential.digest not in repr(one)


def test_the_secret_of_a_link_is_the_same_each_time_and_of_that_link_and_key_only() -> None:
    key = LinkKey(bytes(32))
    secret = key.secret_of(LINK)
    assert secret == key.secret_of(LINK)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)
    others = [key.secret_of(CredentialId("lnk_2")), LinkKey(b"\1" * 32).secret_of(LINK)]
    assert secret not in others
    assert "00" not in repr(key)


def test_a_credential_is_usable_until_it_ends_or_is_spent() -> None:
    credential = a_credential(expires_at=NOW + timedelta(hours=1))
    assert credential.usable(NOW)
    assert not credential.usable(NOW + timedelta(hours=1))
    assert not credential.spent(NOW).usable(NOW)
    assert a_credential(expires_at=None).usable(NOW + timedelta(days=999))


def test_a_digest_is_made_of_whatever_somebody_shows() -> None:
    assert len({digest(""), digest("\ud800x"), digest("x")}) == 3


@pytest.mark.parametrize("role", [Role.CLIENT, Role.ANONYMOUS, Role.SYSTEM])
def test_a_key_is_for_a_builder_or_an_admin(role: Role) -> None:
    with pytest.raises(InvalidRequest):
        Grant(role=role, id="x", scopes=frozenset(Scope), name="A script")
