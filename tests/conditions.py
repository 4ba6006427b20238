"""Leaves out each part of each condition that the store sends to DynamoDB, one at a time: some test must fail.

    tests/conditions.py            # all of them, an hour or two
    tests/conditions.py 40 60      # numbers 40 to 59 of them

A survivor is printed with its condition. What survives, and why: docs/mutants.md.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]
# In the order in which they are likely to notice. Races and random histories come last.
SUITES = [["--test", "store"], ["--test", "sessions"], ["--test", "api"], ["--test", "contract"]]


def run(suite, **environment):
    command = ["cargo", "nextest", "run", "--cargo-quiet", "-p", "api-tests", "--fail-fast", "--no-tests", "fail",
               "--status-level", "none", "--final-status-level", "fail", *suite]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True)


def mutants():
    """The number of a part and its condition, of each part of each condition: as tests/support/tap/mutant.rs writes them."""
    with tempfile.NamedTemporaryFile() as listed:
        for suite in SUITES:
            done = run(suite, POSTERN_TEST_CONDITIONS=listed.name)
            if done.returncode:
                sys.exit(done.stdout + done.stderr)
        return sorted(set(pathlib.Path(listed.name).read_text().splitlines()))


def killer(mutant):
    """The first test that notices."""
    for suite in SUITES:
        done = run(suite, POSTERN_TEST_MUTANT=mutant)
        if done.returncode:
            found = re.search(r"FAIL.*?\] (?:\(.*?\) )?(.*)", done.stdout + done.stderr)
            return found.group(1).strip() if found else suite[1]
    return None


def main():
    everything = mutants()
    first, last = (int(word) for word in sys.argv[1:3] or (0, len(everything)))
    survivors = 0
    for place, mutant in list(enumerate(everything))[first:last]:
        noticed = killer(mutant)
        survivors += noticed is None
        print(f"{place} {noticed or 'SURVIVES'}: without part {mutant}", flush=True)
    print(f"{last - first} of {len(everything)} mutants, {survivors} survive")
    sys.exit(survivors > 0)


if __name__ == "__main__":
    main()
