#!/usr/bin/env python3
"""Compares the figures of scripts/bench with those that were kept last.

  scripts/bench_report.py DIRECTORY [--keep]

Reads every *.json of the directory, prints what has changed against docs/performance.json, and
with --keep replaces that file, and the chart beside it, by this run.
"""
import datetime
import json
import os
import pathlib
import subprocess
import sys
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEPT = ROOT / "docs" / "performance.json"
CHART = ROOT / "docs" / "performance.svg"
NOTABLE = 0.10  # a change of the median by less is noise on a shared machine


def read(directory):
    figures = []
    for file in sorted(pathlib.Path(directory).glob("*.json")):
        read = json.loads(file.read_text())
        figures += of_google(read["benchmarks"]) if isinstance(read, dict) else read
    if not figures:
        sys.exit(f"bench_report: no figures in {directory}")
    return figures


def of_google(rows):
    """Google Benchmark tells medians, and no least and most."""
    return [{"name": r["run_name"].replace("_", " "), "unit": r["time_unit"],
             "median": r["cpu_time"], "min": r["cpu_time"], "max": r["cpu_time"],
             "runs": r["repetitions"]}
            for r in rows if r.get("aggregate_name") == "median"]


def commit():
    told = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"],
                          capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def rate(unit):
    return unit.endswith("/s")


def compare(figures, kept):
    before = {f["name"]: f for f in kept["figures"]}
    print(f"=== against {kept['commit']} of {kept['date']} (changes of {NOTABLE:.0%} and more)")
    for f in figures:
        old = before.get(f["name"])
        if not old or not old["median"]:
            continue
        change = f["median"] / old["median"] - 1
        if abs(change) < NOTABLE or f["min"] <= old["median"] <= f["max"]:
            continue
        better = (change > 0) == rate(f["unit"])
        print(f"{f['name']:<58} {old['median']:12.1f} -> {f['median']:12.1f} {f['unit']:<9} "
              f"{change:+.0%} {'better' if better or f['unit'] == '%' and change > 0 else 'worse'}")


def chart(figures):
    """Orders a second by concurrency, a bar each, with the range of the runs."""
    bars = [f for f in figures
            if f["name"].startswith("orders, ") and f["unit"] == "orders/s"
            and "compensated" not in f["name"]]
    if not bars:
        return None
    most = max(f["max"] for f in bars)
    row, left, width = 22, 300, 480
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 110}" '
             f'height="{row * len(bars) + 50}" font-family="sans-serif" font-size="13">',
             '<rect width="100%" height="100%" fill="white"/>',
             '<text x="10" y="22" font-weight="bold">Orders a second: five events each, every one '
             'recorded before the next</text>']
    colours = {"memory": "#8aa", "relaxed": "#7a9ad0", "durable": "#2b5fb0",
               "speculative": "#2b8f5a"}
    for n, f in enumerate(bars):
        y = 36 + n * row
        durability = f["name"].split(", ")[1]
        length = width * f["median"] / most
        low, high = (left + width * f[k] / most for k in ("min", "max"))
        label = f["name"].removeprefix("orders, ")
        parts += [
            f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>',
            f'<rect x="{left}" y="{y}" width="{length:.1f}" height="16" '
            f'fill="{colours.get(durability, "#888")}"/>',
            f'<line x1="{low:.1f}" y1="{y + 8}" x2="{high:.1f}" y2="{y + 8}" stroke="#222"/>',
            f'<text x="{high + 6:.1f}" y="{y + 13}">{f["median"]:,.0f}</text>']
    return "\n".join(parts + ["</svg>"]) + "\n"


def main():
    arguments = [a for a in sys.argv[1:] if a != "--keep"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    figures = read(arguments[0])
    if KEPT.exists():
        compare(figures, json.loads(KEPT.read_text()))
    if "--keep" not in sys.argv:
        return
    made = {"commit": commit(), "date": datetime.date.today().isoformat(),
            "cores": os.cpu_count(), "figures": figures}
    KEPT.write_text(json.dumps(made, indent=1) + "\n")
    if drawn := chart(figures):
        CHART.write_text(drawn)
    print(f"=== kept: {KEPT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
