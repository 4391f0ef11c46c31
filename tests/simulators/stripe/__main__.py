from __future__ import annotations

import argparse
from threading import Event

from tests.simulators.stripe import StandIn

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A Stripe to try things out with; no money moves.")
    parser.add_argument("--port", type=int, default=12111)
    with StandIn(port=parser.parse_args().port) as stand_in:
        for name, value in stand_in.settings().items():
            print(f"{name}={value}")
        Event().wait()
