"""Asks pip-audit whether any package in this environment has a known vulnerability.

    python tools/audit.py     exit with 1 where one has

Where the list of vulnerabilities can't be reached, or does not know a package, that is said and is no failure: a checkout
without network must still pass its checks.
"""

import json
import subprocess
import sys
from typing import Any

COMMAND = [sys.executable, "-m", "pip_audit", "--local", "--skip-editable", "--format", "json", "--progress-spinner", "off"]
MOST_SECONDS = 300


def packages() -> list[dict[str, Any]] | None:
    """Every package with its `vulns`, or with the `skip_reason` why nothing is known of it; None without an answer."""
    try:
        done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=MOST_SECONDS)
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None
    return [package for package in found if "editable" not in package.get("skip_reason", "")]


def main() -> int:
    found = packages()
    if found is None:
        print("audit: NOT DONE, the list of vulnerabilities could not be reached")
        return 0
    skipped = [package["name"] for package in found if "skip_reason" in package]
    known = [(package, fault) for package in found for fault in package.get("vulns", ())]
    for package, fault in known:
        mended = ", ".join(fault["fix_versions"]) or "no version yet"
        print(f"audit: {package['name']} {package['version']}: {fault['id']}, mended in {mended}", file=sys.stderr)
    if len(skipped) == len(found):
        print(f"audit: NOT DONE, nothing is known here of any of the {len(found)} packages (a package index without vulnerabilities?)")
    else:
        print(f"audit: {len(found) - len(skipped)} packages looked up, {len(known)} known vulnerabilities")
        if skipped:
            print(f"audit: not looked up: {', '.join(skipped)}")
    return 1 if known else 0


if __name__ == "__main__":
    sys.exit(main())
