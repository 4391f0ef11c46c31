from __future__ import annotations

import hashlib

from attrs import frozen

from booking_core.application.people import People
from booking_core.application.send_sign_in_link import mail_job
from booking_core.domain.checks import invalid
from booking_core.domain.contact import Contact, address_of
from booking_core.domain.credential import CredentialKind, LinkKey, mint
from booking_core.domain.errors import InvalidRequest
from booking_core.domain.ids import CredentialId
from booking_core.domain.language import Language
from booking_core.domain.policies import MOST_OPEN_LINKS, SIGN_IN_LINK_LENGTH
from booking_core.ports.inbox import InboxKey
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class AskSignInLink:
    """Has a link sent to an address; whoever opens it owns the address, and signs in by it (J2).

    Whether there is an account is not looked at, so nobody learns that. While three links to the
    address can still be used no more are sent, and the caller is told nothing else.
    """

    people: People
    link_key: LinkKey

    def __call__(self, *, email: str, language: Language = Language.ENGLISH) -> None:
        """`language` is that of the mail. Raises InvalidRequest for what is no address."""
        email = _checked(email)
        self.people.once(lambda uow: self._ask(uow, email, language))

    def _ask(self, uow: UnitOfWork, email: str, language: Language) -> None:
        now = self.people.clock.now()
        uow.inbox.open(key=_turn(email), now=now)
        if uow.credentials.open_links(email=email, now=now) >= MOST_OPEN_LINKS:
            return
        link_id = CredentialId(self.people.ids.new("lnk"))
        link = mint(
            CredentialKind.SIGN_IN_LINK,
            self.link_key.secret_of(link_id),
            id=link_id,
            email=email,
            created_at=now,
            expires_at=now + SIGN_IN_LINK_LENGTH,
        ).credential
        uow.credentials.add(link)
        uow.outbox.put(mail_job(link, language))


def _checked(email: str) -> str:
    try:
        return Contact.unnamed(email).email
    except InvalidRequest:
        raise invalid("/email", "Give an e-mail address such as ana@example.org.") from None


def _turn(email: str) -> InboxKey:
    """What lets one ask at a time for each address; it is never answered, so it never is a repeat."""
    return InboxKey("sign-in link", hashlib.sha256(address_of(email).encode()).hexdigest(), "")
