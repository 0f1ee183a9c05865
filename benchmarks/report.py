"""From samples to a table and a picture.

A cell is the median of the repetitions that had the machine for themselves; where none had, of all
of them, and it is marked `~`. `x best` and `x limit` compare scoop_mpi with the best
peer and with the better of the limits (under the same MPI) in the same run: above 1 it is that
many times worse, below 1 it is ahead.
"""

import argparse
import json
import math
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

import cases

OURS = "scoop_mpi"
NONE = "-"


def variant_of(label):
    """Return what a label has in brackets: which MPI it runs under."""
    return label.partition(" (")[2]


@dataclass
class Line:
    """A row of the table with its figures."""

    row: cases.Row
    values: dict = field(default_factory=dict)
    """Column -> median."""
    noisy: set = field(default_factory=set)
    problems: dict = field(default_factory=dict)
    """Column -> 'timed out' or 'error'."""
    roles: dict = field(default_factory=dict)

    def best_of(self, role, variant=None):
        """Return the best value of the systems of a role, or None."""
        values = [
            self.values[name]
            for name in self.values
            if self.roles[name] == role and variant in (None, variant_of(name))
        ]
        return (max if self.row.higher else min)(values) if values else None

    @property
    def best(self):
        """The best peer, under whatever MPI."""
        return self.best_of("peer")

    def limit(self, name=OURS):
        """Return the better limit under the MPI that this column has."""
        return self.best_of("limit", variant_of(name))

    def ratio(self, ours, other):
        """Return how many times worse ours is."""
        if other is None or ours is None or not ours or not other:
            return None
        if not self.row.compared:
            return None
        return other / ours if self.row.higher else ours / other

    def judge(self, name):
        """Return 'met', 'MISSED', or nothing for a system of ours."""
        if self.row.target is None or name not in self.values:
            return ""
        limit = self.limit(name)
        seen = Seen(self.values, self.best, limit, self.ratio(self.values[name], self.best))
        verdict = self.row.target.judge(self.values[name], seen)
        return "" if verdict is None else "met" if verdict else "MISSED"


@dataclass
class Seen:
    """What a target may look at."""

    values: dict
    best: float | None
    limit: float | None
    ratio_best: float | None


def lines_of(results):
    """Return the lines of all cases that were run."""
    roles = dict(results["columns"])
    by_case = {}
    for sample in results["samples"]:
        by_case.setdefault(sample["case"], []).append(sample)
    lines = []
    for name, samples in by_case.items():
        for row in cases.load(name).ROWS:
            line = Line(row, roles=roles)
            for label in roles:
                fill(line, label, [sample for sample in samples if sample["system"] == label])
            if line.values or line.problems:
                lines.append(line)
    return lines


def fill(line, label, samples):
    """Enter a column's samples into a line."""
    having = [sample for sample in samples if sample["values"].get(line.row.key) is not None]
    if having:
        quiet = [sample for sample in having if not sample["noisy"]]
        if not quiet:
            line.noisy.add(label)
        values = [sample["values"][line.row.key] for sample in quiet or having]
        line.values[label] = statistics.median(values)
    elif any(sample["problem"] for sample in samples):
        problem = next(sample["problem"] for sample in samples if sample["problem"])
        line.problems[label] = "timed out" if problem == "timed out" else "error"


def number(value, digits):
    """Return a figure with so many significant digits, without an exponent."""
    if value is None:
        return NONE
    if math.isinf(value):
        return "inf"
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{round(value, digits - 1 - math.floor(math.log10(abs(value)))):,.{min(places, 4)}f}"


def table(results):
    """Return the table as text, with what must be known to read it."""
    labels = [label for label, _ in results["columns"]]
    ours = [label for label in labels if label.startswith(OURS)]
    head = ["case", "unit", *labels, "x best", "x limit", "target", *[f"{name}:" for name in ours]]
    body = [head]
    for line in lines_of(results):
        cells = []
        for label in labels:
            text = line.problems.get(label) or number(line.values.get(label), line.row.digits)
            cells.append(text + ("~" if label in line.noisy else ""))
        own = line.values.get(OURS)
        ratios = [line.ratio(own, line.best), line.ratio(own, line.limit())]
        body.append(
            [
                line.row.title,
                line.row.unit + ("  ^" if line.row.higher else ""),
                *cells,
                *[number(ratio, 2) for ratio in ratios],
                line.row.target.text if line.row.target else "",
                *[line.judge(name) for name in ours],
            ]
        )
    widths = [max(len(row[column]) for row in body) for column in range(len(head))]
    text = [render(row, widths) for row in body]
    text.insert(1, "-" * len(text[0]))
    return "\n".join([*text, "", *notes(results)]) + "\n"


def render(row, widths):
    """Return a line of text: words to the left, figures to the right."""
    left = row[0].ljust(widths[0])
    return " ".join([left, *[cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]])


def notes(results):
    """Return what stands below the table."""
    company = sum(sample["noisy"] for sample in results["samples"])
    told = results["machine"]
    lines = [
        f"medians of up to {results['repeat']} interleaved repetitions, of those without company",
        f"~ all had company (in all {company} of {len(results['samples'])} samples had); ^ more is better",
        "x best, x limit: scoop_mpi against the best peer and the better limit; above 1 is worse",
        f"{told['cores']} cores, {told['cpu']}, Linux {told['kernel']}, Python {told['python']}",
    ]
    for variant, versions in results["versions"].items():
        lines.append(f"{variant}: " + ", ".join(f"{k} {v}" for k, v in versions.items()))
    lines += [f"left out: {line}" for line in results["missing"]]
    problems = {
        f"{sample['case']}, {sample['system']}: {sample['problem']}": None
        for sample in results["samples"]
        if sample["problem"]
    }
    return lines + list(problems)


COLOURS = {"ours": "#d1495b", "peer": "#66a182", "limit": "#2e4057", "reference": "#b0b0b0"}


def picture(results, path):
    """Draw a panel for each line; return what was done, in words."""
    try:
        import matplotlib
    except ImportError:
        return "no picture: matplotlib is not installed"
    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = [line for line in lines_of(results) if drawable(line)]
    if not lines:
        return "no picture: there is nothing to draw"
    columns = min(4, len(lines))
    rows = -(-len(lines) // columns)
    figure, panels = pyplot.subplots(
        rows, columns, figsize=(4.2 * columns, 3.2 * rows), squeeze=False, layout="constrained"
    )
    for panel in panels.flat[len(lines) :]:
        panel.set_axis_off()
    for line, panel in zip(lines, panels.flat):
        draw(line, panel)
    figure.savefig(path)
    return f"wrote {path}"


def drawable(line):
    """Return the columns that have a bar."""
    return {
        name: value for name, value in line.values.items() if value > 0 and math.isfinite(value)
    }


def draw(line, panel):
    """Draw the bars of a line."""
    values = drawable(line)
    names = list(values)
    bars = panel.barh(names, values.values(), color=[COLOURS[line.roles[name]] for name in names])
    panel.bar_label(bars, [number(value, line.row.digits) for value in values.values()], fontsize=7)
    panel.invert_yaxis()
    if max(values.values()) > 20 * min(values.values()):
        panel.set_xscale("log")
    better = "more" if line.row.higher else "less"
    target = f"; target {line.row.target.text}" if line.row.target else ""
    panel.set_title(line.row.title, fontsize=9)
    panel.set_xlabel(f"{line.row.unit} ({better} is better{target})", fontsize=7)
    panel.tick_params(labelsize=7)


def main():
    """Make table and picture anew from results.json."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "results", nargs="+", help="results.json of one run, or of several to merge"
    )
    parser.add_argument("--picture", help="file to draw")
    options = parser.parse_args()
    results = merged([json.loads(Path(name).read_text()) for name in options.results])
    sys.stdout.write(table(results))
    if options.picture:
        print(picture(results, options.picture))


def merged(several):
    """Return the results of several runs as one: their cases must differ."""
    first = several[0]
    columns = {label: role for results in several for label, role in results["columns"]}
    return first | {
        "columns": list(columns.items()),
        "samples": [sample for results in several for sample in results["samples"]],
    }


if __name__ == "__main__":
    main()
