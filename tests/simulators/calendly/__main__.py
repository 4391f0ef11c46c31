"""Starts one by hand; see the package."""

from __future__ import annotations

import argparse
from threading import Event as Signal

from tests.simulators.calendly import CalendlyServer, Place, Question


def main() -> None:
    parser = argparse.ArgumentParser(description="A Calendly to try things out with.")
    parser.add_argument("--port", type=int, default=12112)
    parser.add_argument(
        "--plan", choices=["free", "trial", "standard", "enterprise"], default="standard"
    )
    asked = parser.parse_args()
    with CalendlyServer(port=asked.port, rounds=1) as calendly:
        sim = calendly.sim
        host = sim.user("Ana Host", organization=sim.organization(plan=asked.plan))
        intro = sim.event_type(host, "Intro call", places=[Place("google_conference")])
        hour = sim.event_type(
            host,
            "Coaching hour",
            duration=60,
            increment=60,
            places=[Place("outbound_call")],
            questions=[Question("What is it about?", required=True)],
        )
        print(f"API                 {calendly.url}")
        print(f"personal token      {sim.token(host)}")
        print(f"OAuth token         {calendly.url}/oauth/token")
        print(f"OAuth app           {sim.oauth.client_id} {sim.oauth.client_secret}")
        print(f"user                {host.uri}")
        print(f"organization        {host.organization.uri}")
        for each in (intro, hour):
            print(f"event type          {each.uri}")
            print(f"  to book it        {sim.pages}/{host.slug}/{each.slug}")
        Signal().wait()


if __name__ == "__main__":
    main()
