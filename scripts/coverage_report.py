"""The report of scripts/coverage: coverage_report.py ROOT LINES BRANCHES, both by llvm-cov export."""

import collections
import json
import re
import sys

FOLD = ["model/" + name for name in ("answer.cpp", "due.cpp", "engine_messages.hpp", "evolve.cpp",
                                     "instance.hpp", "thrown.hpp")]
AIM_OF_FOLD, AIM_OF_REST = 100.0, 95.0
PLANTED = "ENSEMBLE_PLANTED("


def closing(text, at):
    """Behind the bracket that closes the one at `at`."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    depth = 0
    for n in range(at, len(text)):
        depth += (text[n] == text[at]) - (text[n] == pairs[text[at]])
        if depth == 0:
            return n + 1
    raise ValueError("a bracket is not closed")


def statement_end(text, at):
    while at < len(text) and text[at] not in ";{})":
        at = closing(text, at) if text[at] in "([" else at + 1
    return closing(text, at) if text[at:at + 1] == "{" else at


def lines_of_planted_bugs(text):
    """Lines of which some part runs only if a bug is planted, which this build does not do."""
    lines = set()
    for found in re.finditer(re.escape(PLANTED), text):
        begin = max(text.rfind(c, 0, found.start()) for c in ";{}") + 1
        begin += len(text[begin:]) - len(text[begin:].lstrip())
        condition = text.find("if (", begin, found.start())
        if condition < 0:
            end = statement_end(text, begin)
        else:
            end = closing(text, condition + 3)
            if text.startswith(PLANTED, condition + 4) and " || " not in text[condition:end]:
                end = statement_end(text, end)
        lines.update(range(text.count("\n", 0, begin) + 1, text.count("\n", 0, end) + 2))
    return lines


def read_lines(path):
    files, lines = {}, {}
    for row in open(path):
        kind, _, rest = row.strip().partition(":")
        if kind == "SF":
            lines = files.setdefault(rest, {})
        elif kind == "DA":
            number, count = rest.split(",")[:2]
            lines[int(number)] = lines.get(int(number), 0) + int(count)
    return files


def read_branches(path):
    """By file: {(line, column, end line, end column): [times true, times false]}."""
    files = {}
    for file in json.load(open(path))["data"][0]["files"]:
        branches = files.setdefault(file["filename"], collections.defaultdict(lambda: [0, 0]))
        for b in file["branches"]:  # of a template: once for each of its types
            branches[tuple(b[:4])][0] += b[4]
            branches[tuple(b[:4])][1] += b[5]
    return files


class File:
    def __init__(self, name, path, lines, branches):
        text = open(path).read()
        planted = lines_of_planted_bugs(text)
        self.name = name
        self.source = text.split("\n")
        kept = {n: c for n, c in lines.items() if c or n not in planted}
        self.lines = len(kept)
        self.missed_lines = sorted(n for n, c in kept.items() if not c)
        self.branches = 0
        self.missed_branches = []
        for place, counts in sorted(branches.items()):
            if not any(counts) and place[0] in planted:
                continue
            self.branches += 2
            self.missed_branches += [(place, way) for way, c in zip(("true", "false"), counts) if not c]

    def condition(self, place):
        line, column, end_line, end_column = place
        text = self.source[line - 1]
        return text[column - 1:end_column - 1] if line == end_line else text[column - 1:] + " ..."


def share(missed, total):
    return 100.0 * (total - missed) / total if total else 100.0


class Sum:
    def __init__(self, name, files):
        self.name = name
        self.lines = sum(f.lines for f in files)
        self.missed_lines = sum(len(f.missed_lines) for f in files)
        self.branches = sum(f.branches for f in files)
        self.missed_branches = sum(len(f.missed_branches) for f in files)
        self.of_lines = share(self.missed_lines, self.lines)
        self.of_branches = share(self.missed_branches, self.branches)

    def row(self):
        return (f"{self.name:32}{self.lines:7}{self.missed_lines:8}{self.of_lines:8.1f} %"
                f"{self.branches:10}{self.missed_branches:8}{self.of_branches:8.1f} %")


def main(root, lines_path, branches_path):
    lines, branches = read_lines(lines_path), read_branches(branches_path)
    source = root + "/src/"
    files = [File(path[len(source):], path, lines[path], branches.get(path, {}))
             for path in sorted(lines) if path.startswith((source + "model/", source + "journal/"))]
    missing = set(FOLD) - {f.name for f in files}
    if missing:
        sys.exit(f"coverage: nothing was counted of {', '.join(sorted(missing))}")
    for f in files:
        for n in f.missed_lines:
            print(f"src/{f.name}:{n}: not run: {f.source[n - 1].strip()}")
        for place, way in f.missed_branches:
            print(f"src/{f.name}:{place[0]}:{place[1]}: never {way}: {f.condition(place)}")
    print(f"\n{'src/':32}{'lines':>7}{'missed':>8}{'':10}{'branches':>10}{'missed':>8}")
    for f in files:
        print(Sum(f.name, [f]).row())
    fold = Sum("the fold and due", [f for f in files if f.name in FOLD])
    rest = Sum("the rest", [f for f in files if f.name not in FOLD])
    both = Sum("all", files)
    print("\n".join(["", fold.row(), rest.row(), both.row()]))
    failed = False
    for part, aim in ((fold, AIM_OF_FOLD), (rest, AIM_OF_REST)):
        for what, reached in (("lines", part.of_lines), ("branches", part.of_branches)):
            if reached < aim:
                print(f"coverage: {part.name}: {reached:.2f} % of the {what}, below {aim:.0f} %")
                failed = True
    print(f"coverage: {both.of_lines:.1f} % of {both.lines} lines, {both.of_branches:.1f} % of "
          f"{both.branches} branches of src/model and src/journal")
    return 1 if failed else 0


sys.exit(main(*sys.argv[1:]))
