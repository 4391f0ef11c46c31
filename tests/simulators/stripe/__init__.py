"""A Stripe for tests: HTTP on this machine, with books of its own.

`python -m tests.simulators.stripe --port 12111` starts one by hand.
"""

from tests.simulators.stripe.api import stripe_app
from tests.simulators.stripe.books import Bank, Fault
from tests.simulators.stripe.server import StandIn

__all__ = ["Bank", "Fault", "StandIn", "stripe_app"]
