"""Holds sizes and instruction counts to bench/budgets.json: gate.py LAMBDA_DIR INSTRUCTIONS [--show].

With --show it also writes the tables of docs/performance.md.
"""

import json
import pathlib
import sys
import zlib

BUDGETS = json.loads((pathlib.Path(__file__).parent / "budgets.json").read_text())


def zipped(data):
    """Bytes of the data as deflate stores them with its usual effort, which is what SAM packs with."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return len(packer.compress(data) + packer.flush())


def show(name, head, rows):
    """Puts a table between its marks in docs/performance.md, as bench/page/src/lib.rs does."""
    page = pathlib.Path(__file__).parents[1] / "docs" / "performance.md"
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(row)} |" for row in rows)]
    before, rest = page.read_text().split(f"<!-- {name} -->\n")
    after = rest.split(f"<!-- end of {name} -->")[1]
    page.write_text(f"{before}<!-- {name} -->\n\n" + "\n".join(lines) + f"\n\n<!-- end of {name} -->{after}")


def largest(sizes):
    """The largest functions, the floors, and one row for all others."""
    rows = [row for _, row in sizes]
    shown = [row for place, row in enumerate(rows) if place < 10 or row[0].startswith("`hello")]
    others = [row for row in rows if row not in shown]
    spans = [f"{others[-1][column]} to {others[0][column]}" for column in (1, 2)]
    return shown + [[f"the other {len(others)}", *spans]]


def main():
    folder, instructions = (pathlib.Path(word) for word in sys.argv[1:3])
    is_all = sys.argv[3:] == ["--show"]
    wrong, sizes = [], []

    def hold(what, found, most):
        print(f"{what}: {found:,} of {most:,}")
        if found > most:
            wrong.append(what)

    for bootstrap in sorted(folder.glob("*/bootstrap")):
        data = bootstrap.read_bytes()
        packed = zipped(data)
        # The floors are shown beside, and are held to nothing.
        if not bootstrap.parent.name.startswith("hello"):
            hold(f"{bootstrap.parent.name}, bytes", len(data), BUDGETS["bytes"])
            hold(f"{bootstrap.parent.name}, bytes zipped", packed, BUDGETS["zipped"])
        sizes.append((len(data), [f"`{bootstrap.parent.name}`", f"{len(data) / 1e6:.2f}", f"{packed / 1e6:.2f}"]))
    counted = json.loads(instructions.read_text())
    for name, budget in BUDGETS["instructions"].items():
        for kind, most in budget.items():
            hold(f"{name}, instructions of {kind}", counted[name][kind], most)
    if is_all:
        show("sizes", ["", "MB", "zipped, MB"], largest(sorted(sizes, reverse=True)))
        rows = [[f"`{name}`", f"{of['first'] / 1e6:.1f}", f"{of['answer'] / 1e6:.2f}"] for name, of in counted.items()]
        show("instructions", ["", "to the first answer, millions", "an answer after it, millions"], rows)
    if wrong:
        sys.exit(f"Over budget: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
