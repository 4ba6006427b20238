"""What `infra/real.sh` runs: the journey against a deployment that its URL names."""

import argparse
import os
import signal
import sys
import urllib.parse

from journey import Journey, whole_mark
from place import MARK, Incomplete, of_environment

FAILED, WRONG, DIFFERS = 1, 2, 3
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Stopped(Exception):
    """Somebody wants this to end."""


def stop(number, _frame) -> None:
    raise Stopped(signal.Signals(number).name)


def arguments():
    parser = argparse.ArgumentParser(prog="infra/real.sh", description="The life of a session on a deployment, and what differs from the emulator.")
    parser.add_argument("url", help="the output ApiUrl of the stack, such as https://….execute-api.eu-central-1.amazonaws.com/api/v1")
    parser.add_argument("--connect-to", metavar="HOST:PORT", help="connect there in place of the URL's host")
    parser.add_argument("--save", metavar="FILE", help="where to write down what was observed; target/postern/observed-HOST.json unless said")
    parser.add_argument("--clean", action="store_true", help="only delete what earlier runs have left")
    return parser.parse_args()


def walked(journey: Journey) -> str | None:
    """Walks, and cleans up whatever happened; what went wrong."""
    wrong = None
    try:
        journey.walk()
    except Stopped as why:
        wrong = f"stopped: {why}"
    except Exception as error:  # noqa: BLE001: whatever it is, what was made must go
        wrong = f"{type(error).__name__}: {error}"
    # From here on nothing stops it but the end of this process.
    for number in SIGNALS:
        signal.signal(number, lambda *_: print("  cleaning up: a moment", file=sys.stderr))
    left = journey.clean(f"{MARK} {journey.place.run}: ")
    for line in left:
        print(f"  could not be deleted: {line}", file=sys.stderr)
    if left:
        print("  run it again with --clean", file=sys.stderr)
        wrong = wrong or "something is left"
    else:
        journey.steps.done("everything that was made is deleted")
    return wrong


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    given = arguments()
    try:
        place = of_environment(given.url, given.connect_to)
    except (Incomplete, OSError) as why:
        print(f"infra/real.sh: {why}", file=sys.stderr)
        return WRONG
    journey = Journey(place)
    if given.clean:
        left = journey.clean(whole_mark())
        print("\n".join(left) or "Nothing of an earlier run is left.")
        return FAILED if left else 0
    for number in SIGNALS:
        signal.signal(number, stop)
    wrong = walked(journey)
    host = urllib.parse.urlsplit(given.url).hostname
    path = given.save or os.path.join(ROOT, "target", "postern", f"observed-{host}.json")
    journey.observed.save(path)
    return report(journey, wrong, path)


def report(journey: Journey, wrong: str | None, path: str) -> int:
    observed = journey.observed
    print(f"\nObserved: {path}\nThe slowest calls:")
    print("".join(f"  {line}\n" for line in observed.slowest(5)), end="")
    if observed.ahead is not None and abs(observed.ahead) > 2:
        print(f"The deployment's clock is {observed.ahead:+.0f} s ahead of this machine's.")
    if journey.place.ingress() is None:
        print("The group was not looked at: POSTERN_GROUP_PROFILE names no profile that may.")
    if wrong:
        print(f"\nThe journey ended early: {wrong}", file=sys.stderr)
        return FAILED
    lines = observed.differences()
    print(f"\n{len(lines)} differences from the emulated AWS:" if lines else "\nNothing differs from the emulated AWS.")
    for line in lines:
        print(f"  {line}")
    return DIFFERS if lines else 0


if __name__ == "__main__":
    sys.exit(main())
