from __future__ import annotations

import argparse
from contextlib import ExitStack
from threading import Event

from tests.simulators.stripe import Endpoint, StandIn

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A Stripe to try things out with; no money moves.")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--webhooks", metavar="URL", help="where its events are posted to")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        stand_in = stack.enter_context(StandIn(port=chosen.port))
        if chosen.webhooks:
            stack.enter_context(Endpoint(stand_in.bank, chosen.webhooks))
        for name, value in stand_in.settings().items():
            print(f"{name}={value}", flush=True)
        Event().wait()
