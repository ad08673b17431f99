"""The results as a page for people: docs/conformance.md."""
import columns

HEAD = """# What every runtime does

A row per behaviour, a column per runtime; made by `tests/conformance/run`, which runs each of these functions in a real engine and
compares what comes back: ✓ is a run that was right, a number the reason why there is none. The functions and what is expected of them
are the tables in `tests/conformance/behaviours`.

"""


def text(table, names, results):
    out = [HEAD, f"| behaviour | {' | '.join(names)} |\n", "|---" * (len(names) + 1) + "|\n"]
    reasons, group = [], None
    for row in table:
        if row.group != group:
            group = row.group
            out.append(f"| **{group}** |" + " |" * len(names) + "\n")
        marks = [mark(results.get((row.key, name)), row, name, reasons) for name in names]
        out.append(f"| {row.name} | {' | '.join(marks)} |\n")
    out.append("\n" + "".join(f"{number}. {reason}\n" for number, reason in enumerate(reasons, 1)))
    served = ", ".join(f"{name} as `{columns.RUNTIMES[name].identifier}`" for name in names)
    out.append(f"\nThe runs ask for {served}; `hotcell runtime ls` shows what else each of them serves.\n")
    return "".join(out)


def mark(outcome, row, name, reasons):
    if outcome is None or outcome.word == "WRONG":
        return "**no**"
    if outcome.word == "right":
        return "✓"
    if outcome.text not in reasons:
        reasons.append(outcome.text)
    return str(reasons.index(outcome.text) + 1)
