"""What Prometheus is told: how many requests each route answered and how they ended. No partner, no card, no address, no time."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # of Prometheus' text format


class Metrics:
    """The counts of one instance since its start."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str]] = Counter()

    def count(self, route: str, outcome: str) -> None:
        """One more request of a route, by its own path; `outcome` is a verdict, the word of a refusal, or a status."""
        self._requests[route, outcome] += 1

    def text(self, bundle_version: int, bundle_age_days: int, vital_interest: Mapping[tuple[date, str], int]) -> str:
        """The counts in Prometheus' text format; of vital interest, how often all instances saw a reason in a month (its first day)."""
        lines = ["# HELP healthcard_requests_total Requests by route and verdict, word of the refusal or status.",
                 "# TYPE healthcard_requests_total counter"]  # fmt: skip
        for (route, outcome), count in sorted(self._requests.items()):
            lines.append(f'healthcard_requests_total{{route="{route}",outcome="{outcome}"}} {count}')
        if vital_interest:
            lines += ["# HELP healthcard_vital_interest_total Exports against or without her yes, by month and reason.",
                      "# TYPE healthcard_vital_interest_total counter"]  # fmt: skip
        for (month, reason), count in sorted(vital_interest.items()):
            lines.append(f'healthcard_vital_interest_total{{month="{month:%Y-%m}",reason="{reason}"}} {count}')
        lines += _gauge("bundle_version", "Version of the trust bundle.", bundle_version)
        lines += _gauge("bundle_age_days", "Days since the trust bundle was issued.", bundle_age_days)
        return "\n".join(lines) + "\n"


def _gauge(name: str, meaning: str, value: int) -> list[str]:
    return [f"# HELP healthcard_{name} {meaning}", f"# TYPE healthcard_{name} gauge", f"healthcard_{name} {value}"]
