"""Who asks."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen

from booking_core.domain.contact import Contact
from booking_core.domain.errors import InvalidRequest
from booking_core.domain.ids import ClientId


class Role(StrEnum):
    """What an actor may be; each route says which of them may call it."""

    ANONYMOUS = "anonymous"
    CLIENT = "client"
    BUILDER = "builder"
    ADMIN = "admin"
    SYSTEM = "system"


class Scope(StrEnum):
    """Which kind of call a machine's key is good for; whose objects is said by its role."""

    READ = "read"
    BOOKINGS = "bookings"
    CATALOGUE = "catalogue"
    OPERATIONS = "operations"


@frozen
class Actor:
    """The caller of a use case.

    `id` is the client's or the builder's id, which they never lack; `contact` is what its credential
    says of a client.
    `manage_token` is what an anonymous caller showed for its booking; it is checked where the
    booking is known, never here. Neither is shown by `repr`.
    `scopes` are the kinds of call that a machine's key allows; None is all that the role may.
    `account_id` is the account that the caller signed in to, `claimed` what an identity provider that
    is trusted with that says of its roles (`Account.actor`).
    """

    role: Role
    id: str | None = None
    manage_token: str | None = field(default=None, repr=False)
    contact: Contact | None = field(default=None, repr=False)
    scopes: frozenset[Scope] | None = None
    account_id: ClientId | None = None
    claimed: frozenset[Role] | None = None

    def __attrs_post_init__(self) -> None:
        # Without an id nothing would keep other people's bookings from it.
        if self.role in (Role.CLIENT, Role.BUILDER) and not self.id:
            raise InvalidRequest(f"A {self.role} is known by its id; give one.")

    @property
    def signed_in(self) -> bool:
        return self.role is not Role.ANONYMOUS

    @property
    def name(self) -> str:
        """Who it is in the trail: `client:ana`, or the role alone where it has no id."""
        return f"{self.role.value}:{self.id}" if self.id else self.role.value

    @classmethod
    def anonymous(cls, manage_token: str | None = None) -> Actor:
        return cls(Role.ANONYMOUS, None, manage_token)

    @classmethod
    def client(cls, client_id: str, contact: Contact | None = None) -> Actor:
        return cls(Role.CLIENT, client_id, None, contact)

    @classmethod
    def any_client(cls) -> Actor:
        """A signed-in client, where it does not matter who."""
        return cls.client("anybody")

    @classmethod
    def builder(cls, builder_id: str) -> Actor:
        return cls(Role.BUILDER, builder_id)

    @classmethod
    def admin(cls, admin_id: str | None = None) -> Actor:
        return cls(Role.ADMIN, admin_id)

    @classmethod
    def system(cls) -> Actor:
        return cls(Role.SYSTEM)

    def within(self, scope: Scope) -> bool:
        """Whether its credential is good for that kind of call."""
        return self.scopes is None or scope in self.scopes

    @property
    def is_operator(self) -> bool:
        """An admin, or the service itself."""
        return self.role in (Role.ADMIN, Role.SYSTEM)
