"""Stripe's errors in our words; the one place that knows them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from booking_core import CheckoutRefused, ProviderFailed

_BUSY = timedelta(seconds=20)


@contextmanager
def told_as_failures() -> Iterator[None]:
    """Raises ProviderFailed. What Stripe says is left out: it may quote what we sent."""
    import stripe

    try:
        yield
    except stripe.RateLimitError as busy:
        raise ProviderFailed("Stripe asks us to slow down.", retry_after=_BUSY) from busy
    except (stripe.AuthenticationError, stripe.PermissionError) as refused:
        message = "Stripe refuses our key; look at STRIPE_SECRET_KEY and its permissions."
        raise ProviderFailed(message, retryable=False) from refused
    except (stripe.IdempotencyError, stripe.InvalidRequestError, stripe.CardError) as wrong:
        message = f"Stripe refused the request for good ({wrong.code or 'no code'})."
        raise ProviderFailed(message, retryable=False) from wrong
    except stripe.APIConnectionError as broken:
        raise ProviderFailed("Stripe cannot be reached, or did not answer in time.") from broken
    except stripe.StripeError as unknown:
        raise ProviderFailed("Stripe failed, and it is not known what it did.") from unknown


def answered_for_good(failed: ProviderFailed) -> bool:
    """An internal error of Stripe's: its key gives that answer again for a day, whatever was done."""
    import stripe

    cause = failed.__cause__
    return isinstance(cause, stripe.APIError) and (cause.http_status or 0) >= 500


def asked_otherwise_before(failed: ProviderFailed) -> bool:
    """Its key stands for a request with other parameters, and nothing was done."""
    import stripe

    return isinstance(failed.__cause__, stripe.IdempotencyError)


@contextmanager
def refused_checkouts() -> Iterator[None]:
    """Raises CheckoutRefused when what a checkout is asked for by can never be granted.

    Stripe judges that before anything is done, so there is no checkout under that key. A wrong use
    of our own, such as a key with other parameters, is not among it.
    """
    import stripe

    try:
        with told_as_failures():
            yield
    except ProviderFailed as failed:
        cause = failed.__cause__
        if isinstance(cause, stripe.InvalidRequestError):
            raise CheckoutRefused("Stripe refuses to open this checkout.") from cause
        raise


@contextmanager
def whatever_its_state() -> Iterator[None]:
    """Lets a call pass that comes too late or twice: how things stand is read afterwards anyway."""
    import stripe

    try:
        with told_as_failures():
            yield
    except ProviderFailed as failed:
        if not isinstance(failed.__cause__, (stripe.InvalidRequestError, stripe.CardError)):
            raise
