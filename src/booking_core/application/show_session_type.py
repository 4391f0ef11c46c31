from __future__ import annotations

from attrs import frozen

from booking_core.application.catalogue import Catalogue, Offer
from booking_core.domain.actor import Actor
from booking_core.domain.errors import NotFound
from booking_core.domain.policies import owns_catalogue
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ShowSessionType:
    """One session type with its builder, by id, or by the slugs of both."""

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue

    def __call__(self, *, session_type: str, actor: Actor, builder: str | None = None) -> Offer:
        """Raises NotFound, SignInRequired."""
        with self.unit_of_work(write=False) as uow:
            snapshot = self.catalogue.read(uow)
        if builder is None:
            offer = snapshot.offer(session_type)
        else:
            of_builder = snapshot.session_types_of(snapshot.builder(builder).id)
            named = (each for each in of_builder if session_type in (each.slug, each.id))
            found = next(named, None)
            if found is None:
                raise NotFound("session type")
            offer = snapshot.offer(found.id)
        return self._seen(offer, actor)

    def of_event_type(self, *, event_type_uri: str, actor: Actor) -> Offer:
        """What stands for that event type of the calendar provider. Raises as the call itself."""
        with self.unit_of_work(write=False) as uow:
            offer = self.catalogue.read(uow).of_event_type(event_type_uri)
        return self._seen(offer, actor)

    def _seen(self, offer: Offer, actor: Actor) -> Offer:
        if not owns_catalogue(actor, offer.builder.id):
            self.catalogue.check_may_book(offer, actor)
        return offer
