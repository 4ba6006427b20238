"""Holds sizes and instruction counts to bench/budgets.json: gate.py LAMBDA_DIR INSTRUCTIONS."""

import json
import pathlib
import sys
import zlib

BUDGETS = json.loads((pathlib.Path(__file__).parent / "budgets.json").read_text())


def zipped(data):
    """Bytes of the data as an archive's deflate stores them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return len(packer.compress(data) + packer.flush())


def main():
    folder, instructions = (pathlib.Path(word) for word in sys.argv[1:])
    wrong = []

    def hold(what, found, most):
        print(f"{what}: {found:,} of {most:,}")
        if found > most:
            wrong.append(what)

    for bootstrap in sorted(folder.glob("*/bootstrap")):
        if bootstrap.parent.name.startswith("hello"):
            continue
        data = bootstrap.read_bytes()
        hold(f"{bootstrap.parent.name}, bytes", len(data), BUDGETS["bytes"])
        hold(f"{bootstrap.parent.name}, bytes zipped", zipped(data), BUDGETS["zipped"])
    counted = json.loads(instructions.read_text())
    for name, budget in BUDGETS["instructions"].items():
        for kind, most in budget.items():
            hold(f"{name}, instructions of {kind}", counted[name][kind], most)
    if wrong:
        sys.exit(f"Over budget: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
