from __future__ import annotations

import argparse
import time
from contextlib import ExitStack, suppress
from itertools import count
from threading import Event

from tests.simulators.stripe import Bank, Endpoint, StandIn

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A Stripe to try things out with; no money moves.")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--webhooks", metavar="URL", help="where its events are posted to")
    chosen = parser.parse_args()
    # The service remembers ids from one run to the next, so none comes twice.
    bank = Bank(numbers=count(int(time.time())))
    with ExitStack() as stack, suppress(KeyboardInterrupt):
        stand_in = stack.enter_context(StandIn(bank, chosen.port))
        if chosen.webhooks:
            stack.enter_context(Endpoint(stand_in.bank, chosen.webhooks))
        for name, value in stand_in.settings().items():
            print(f"{name}={value}", flush=True)
        Event().wait()
