from __future__ import annotations

from attrs import frozen

from booking_core.application.people import People
from booking_core.domain.account import Account
from booking_core.domain.actor import Actor
from booking_core.ports.proofs import Proof
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class ActorOfProof:
    """Who signs in by an identity provider: the account is found, or made at the first proof (J2).

    An account that is there already is joined by its e-mail address only where the provider vouches
    for that; the anonymous bookings of the address are claimed then.
    """

    people: People

    def __call__(self, *, proof: Proof) -> Actor:
        """Raises StaleBooking when others changed the account in the same moment, again and again."""
        with self.people.unit_of_work(write=False) as uow:
            account = uow.accounts.by_sign_in(proof.sign_in)
        if account is None or (proof.proves is not None and not account.email_proved):
            account = self.people.once(lambda uow: self._let_in(uow, proof))
        return account.actor(proof.roles)

    def _let_in(self, uow: UnitOfWork, proof: Proof) -> Account:
        account = self._account(uow, proof)
        self.people.tell_of_sign(uow, "signed in", account.id, way="identity provider")
        return account

    def _account(self, uow: UnitOfWork, proof: Proof) -> Account:
        if proof.proves is not None:
            return self.people.proved(uow, proof.proves, proof.sign_in)
        account = uow.accounts.by_sign_in(proof.sign_in)
        if account is not None:
            return account
        sign_ins = frozenset({proof.sign_in})
        return uow.accounts.save(self.people.new(proof.contact, sign_ins=sign_ins))
