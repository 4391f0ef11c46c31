"""Where Calendly posts its notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from adapters.calendly.accounts import Accounts
from adapters.calendly.api import CalendlyApi
from adapters.calendly.notices import KINDS
from adapters.calendly.records import WebhookSubscription
from adapters.calendly.refusals import Refusal
from adapters.calendly.uris import id_in
from booking_core import InvalidRequest, ProviderFailed, Subscription

_NONE = (
    "Calendly has no notices for this plan, or for the role of our token's owner. Open links are"
    " looked at all the same; what else happens there only a regular repair finds."
)


@frozen
class Subscriptions:
    """For the whole organization where our token may, else for its owner; so it is for the owner of a
    builder's own token, whose colleagues are none of our business. Raises CalendlyError."""

    api: CalendlyApi
    accounts: Accounts
    signing_keys: tuple[str, ...] = field(repr=False)

    def subscribe(self, url: str) -> Subscription:
        if not self.signing_keys:
            raise InvalidRequest(
                "Set CALENDLY_WEBHOOK_SIGNING_KEY, which the notices are signed with."
            )
        for known in self.all():
            if known.url == url and known.active:
                return known
            if known.url == url:
                self.unsubscribe(known.uri)  # what is there is never changed nor enabled again
        return _told(self._create(url))

    def all(self) -> Sequence[Subscription]:
        found: dict[str, Subscription] = {}
        for whose in self._scopes():
            try:
                listed = self.api.subscriptions(whose=whose)
            except Refusal as refused:
                if not self._only_less(refused, whose):
                    raise
                continue
            found |= {each.uri: _told(each) for each in listed}
        return sorted(found.values(), key=lambda each: each.created_at)

    def unsubscribe(self, uri: str) -> bool:
        subscription_id = id_in(uri, "webhook_subscriptions")
        if subscription_id is None:
            return False
        try:
            self.api.unsubscribe(subscription_id)
        except Refusal as refused:
            if refused.status != 404:
                raise
            return False
        return True

    def _create(self, url: str) -> WebhookSubscription:
        *wide, narrow = self._scopes()
        for whose in wide:
            try:
                return self._ask(url, whose)
            except Refusal as refused:
                if not self._only_less(refused, whose):
                    raise
        try:
            return self._ask(url, narrow)
        except Refusal as refused:
            if refused.forbidden and not refused.lacking_scopes:
                raise ProviderFailed(_NONE, retryable=False) from refused
            raise

    def _ask(self, url: str, whose: Mapping[str, str]) -> WebhookSubscription:
        return self.api.subscribe(url, KINDS, whose=whose, signing_key=self.signing_keys[0])

    def wide(self) -> bool:
        """Whether ours may be for the whole organization."""
        whose, *_ = self._scopes()
        try:
            self.api.subscriptions(whose=whose)
        except Refusal as refused:
            if not self._only_less(refused, whose):
                raise
            return False
        return whose["scope"] == "organization"

    def _scopes(self) -> Sequence[Mapping[str, str]]:
        me = self.accounts.me()
        wide = {"organization": me.organization, "scope": "organization"}
        narrow = {"organization": me.organization, "scope": "user", "user": me.uri}
        return [narrow] if self.accounts.bound else [wide, narrow]

    def _only_less(self, refused: Refusal, whose: Mapping[str, str]) -> bool:
        """Only admins and owners may ask for the organization; others do for themselves."""
        wide = whose["scope"] == "organization"
        return wide and refused.forbidden and not refused.lacking_scopes


def _told(found: WebhookSubscription) -> Subscription:
    """One that leaves out a kind of ours is of no more use than one that was given up."""
    heard = found.active and found.kinds.issuperset(KINDS)
    return Subscription(found.uri, found.url, heard, found.created_at, found.retry_started_at)
