"""A Stripe for tests: HTTP on this machine, with books of its own.

`python -m tests.simulators.stripe --port 12111` starts one by hand.
"""

from tests.simulators.stripe.api import stripe_app
from tests.simulators.stripe.books import Bank, Fault
from tests.simulators.stripe.server import StandIn
from tests.simulators.stripe.webhooks import SECRET, Endpoint, Mishap, signed

__all__ = ["SECRET", "Bank", "Endpoint", "Fault", "Mishap", "StandIn", "signed", "stripe_app"]
