"""A person whom we know, however it signs in (J2)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from attrs import evolve, field, frozen

from booking_core.domain.actor import Actor, Role
from booking_core.domain.contact import Contact
from booking_core.domain.ids import BuilderId, ClientId


@frozen
class SignIn:
    """What an identity provider calls a person; `subject` is unique within its `issuer`."""

    issuer: str
    subject: str = field(repr=False)


@frozen(kw_only=True)
class Account:
    """A person whom we know; `id` is what its bookings carry as the client's.

    `contact` is None where an identity provider told no address. `email_proved` is set once a mail to
    that address was answered, or an identity provider vouched for it; it is never taken back.
    `builder_id` is the builder that the person is. `version` counts the saved changes (0: never
    saved).
    """

    id: ClientId
    contact: Contact | None = field(default=None, repr=False)
    email_proved: bool = False
    sign_ins: frozenset[SignIn] = frozenset()
    builder_id: BuilderId | None = None
    is_admin: bool = False
    created_at: datetime
    version: int = 0

    @property
    def address(self) -> str | None:
        """The e-mail address that the account holds: what it is found by, and no other account has.

        An address that only somebody's sign-in says, without proof, is held by nobody: its owner
        must not get into that person's account, nor be kept out of an own one.
        """
        if self.contact is None or (self.sign_ins and not self.email_proved):
            return None
        return self.contact.address

    @property
    def has_role(self) -> bool:
        """An operator made the person a builder or an admin."""
        return self.is_admin or self.builder_id is not None

    def actor(self, roles: Collection[Role] | None = None) -> Actor:
        """Who the person is to the use cases: an admin before a builder before a client.

        `roles` is what an identity provider that is trusted with that says; None leaves it to us.
        Which builder it is, is always ours to say.
        """
        is_admin = self.is_admin if roles is None else Role.ADMIN in roles
        is_builder = roles is None or Role.BUILDER in roles
        role, actor_id = Role.CLIENT, str(self.id)
        if is_admin:
            role = Role.ADMIN
        elif is_builder and self.builder_id is not None:
            role, actor_id = Role.BUILDER, str(self.builder_id)
        claimed = None if roles is None else frozenset(roles)
        return Actor(role, actor_id, contact=self.contact, account_id=self.id, claimed=claimed)

    def proved(self, contact: Contact) -> Account:
        """The account once its address is proved; what was proved before stays as it is."""
        if self.email_proved:
            return self
        return evolve(self, contact=contact, email_proved=True)

    def signing_in_by(self, *sign_ins: SignIn) -> Account:
        """The account that is entered by those as well."""
        return evolve(self, sign_ins=self.sign_ins | set(sign_ins))
