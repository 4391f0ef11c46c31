from __future__ import annotations

from attrs import frozen

from booking_core.application.close_session import end_session
from booking_core.application.people import People
from booking_core.domain.account import Account
from booking_core.domain.contact import Contact
from booking_core.domain.credential import CredentialKind, NewCredential, digest, mint
from booking_core.domain.errors import InvalidCredentials
from booking_core.domain.ids import CredentialId
from booking_core.domain.language import Language
from booking_core.domain.policies import SESSION_LENGTH
from booking_core.domain.time import zone
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class OpenSession:
    """Signs somebody in by a mailed link, which works once: that proves the address (J2).

    The account is made where there is none, and the anonymous bookings of the address are claimed.
    """

    people: People

    def __call__(
        self,
        *,
        link_secret: str,
        replacing: str | None = None,
        language: Language | None = None,
        timezone: str | None = None,
    ) -> NewCredential:
        """The session, whose secret lasts for `SESSION_LENGTH`.

        `replacing` is the secret of the session that the same browser had before; it ends. `language`
        and `timezone` are for a new account.

        Raises:
            InvalidCredentials: there is no such link, or it was used already, or is too old.
            UnknownTimezone: the link can still be used.
        """
        if timezone is not None:
            zone(timezone)

        def open_one(uow: UnitOfWork) -> NewCredential:
            account = self._account(uow, self._spend(uow, link_secret), language, timezone)
            end_session(self.people, uow, replacing)
            return self._begin(uow, account)

        return self.people.once(open_one)

    def _spend(self, uow: UnitOfWork, secret: str) -> str:
        """The address that the link was sent to; the other links to it end with this one."""
        link = uow.credentials.by_digest(kind=CredentialKind.SIGN_IN_LINK, digest=digest(secret))
        if link is None or link.email is None or link.id not in self._end_links(uow, link.email):
            raise InvalidCredentials("This link was used already or is too old; ask for a new one.")
        return link.email

    def _end_links(self, uow: UnitOfWork, email: str) -> set[CredentialId]:
        """Those that could still be used; in the order of their ids, so that no two wait for each other."""
        now = self.people.clock.now()
        links = uow.credentials.of(email=email)
        return {each.id for each in links if uow.credentials.spend(each.id, now=now)}

    def _account(
        self, uow: UnitOfWork, email: str, language: Language | None, timezone: str | None
    ) -> Account:
        known = uow.accounts.by_email(email)
        contact = known.contact if known and (known.email_proved or known.has_role) else None
        return self.people.proved(uow, contact or Contact.unnamed(email, timezone, language))

    def _begin(self, uow: UnitOfWork, account: Account) -> NewCredential:
        now = self.people.clock.now()
        session = mint(
            CredentialKind.SESSION,
            id=CredentialId(self.people.ids.new("ses")),
            account_id=account.id,
            created_at=now,
            expires_at=now + SESSION_LENGTH,
        )
        uow.credentials.add(session.credential)
        self.people.tell_of_sign(uow, "signed in", account.id, way="mailed link")
        return session
