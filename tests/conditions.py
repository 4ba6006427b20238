"""Leaves out each part of each condition that the store sends to DynamoDB, one at a time: some test must fail.

    tests/conditions.py            # all of them: tests/mutants.md
    tests/conditions.py 40 60      # numbers 40 to 59 of them

A mutant meets the tests that send its condition. A survivor is printed with its condition. What survives, and why: tests/mutants.md.
"""

import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]
# In the order in which they are likely to notice. Races and random histories come last.
SUITES = ["store", "sessions", "api", "contract"]


def run(suite, tests=None, **environment):
    command = ["cargo", "nextest", "run", "--cargo-quiet", "-p", "api-tests", "--test", suite, "--fail-fast", "--no-tests", "fail",
               "--status-level", "none", "--final-status-level", "fail"]
    if tests:
        command += ["--filterset", " | ".join(f"test(={test})" for test in sorted(tests))]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True)


def mutants():
    """Each part of each condition, as `NUMBER CONDITION`, with the tests of each suite that send it: tests/support/fault_proxy/mutant.rs."""
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    for suite in SUITES:
        with tempfile.NamedTemporaryFile() as listed:
            done = run(suite, POSTERN_TEST_CONDITIONS=listed.name)
            if done.returncode:
                sys.exit(done.stdout + done.stderr)
            for line in pathlib.Path(listed.name).read_text().splitlines():
                test, mutant = line.split(" ", 1)
                found[mutant][suite].add(test)
    return dict(sorted(found.items()))


def killer(mutant, tests):
    """The first test that notices."""
    for suite in filter(tests.get, SUITES):
        done = run(suite, tests[suite], POSTERN_TEST_MUTANT=mutant)
        if done.returncode:
            failed = re.search(r"FAIL.*?\] (?:\(.*?\) )?(.*)", done.stdout + done.stderr)
            return failed.group(1).strip() if failed else suite
    return None


def main():
    everything = mutants()
    first, last = (int(word) for word in sys.argv[1:3] or (0, len(everything)))
    survivors = 0
    for place, (mutant, tests) in list(enumerate(everything.items()))[first:last]:
        noticed = killer(mutant, tests)
        survivors += noticed is None
        print(f"{place} {noticed or 'SURVIVES'}: without part {mutant}", flush=True)
    print(f"{last - first} of {len(everything)} mutants, {survivors} survive")
    sys.exit(survivors > 0)


if __name__ == "__main__":
    main()
