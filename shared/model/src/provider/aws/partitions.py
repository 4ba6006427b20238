"""Prints the rows of partitions.rs from AWS's own partitions.json, which stands in botocore/data/ of the package botocore.

    partitions.py PARTITIONS_JSON
"""

import itertools
import json
import re
import sys


def prefixes(pattern):
    r"""What stands before `-<word>-<number>` in a pattern such as `^(us|eu)\-\w+\-\d+$`."""
    head, = re.fullmatch(r"\^(.*?)\\-\\w\+\\-\\d\+\$", pattern).groups()
    parts = [part.strip("()").split("|") for part in head.split(r"\-")]
    return ["-".join(choice) for choice in itertools.product(*parts)]


for partition in json.load(open(sys.argv[1]))["partitions"]:
    quoted = ", ".join(f'"{prefix}"' for prefix in prefixes(partition["regionRegex"]))
    print(f'    row("{partition["id"]}", "{partition["outputs"]["dnsSuffix"]}", &[{quoted}]),')
