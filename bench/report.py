#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes docs/BENCHMARKS.md, its plots, and README's figures from what the *_figures.py have measured
last (build/bench/*.json). The plots are gnuplot's."""

import json
import os
import re
import statistics
import subprocess
import sys

from figures import ROOT, TOOLS, read

PAGE = os.path.join(ROOT, "docs/BENCHMARKS.md")
README = os.path.join(ROOT, "README.md")
# What README shows: label, whose table, the figure in it, unit, decimals.
SHORT = (
    ("1,000 services, until all run", "supervise", "1000 services, start to all running", "ms", 0),
    ("private memory for each of them", "supervise", "private memory per service, of 1000", "KiB", 1),
    ("a service is killed, until its next start", "supervise", "SIGKILL after 2 s to the next start", "ms", 1),
    ("a new link, until its service runs", "supervise", "new link to service started", "ms", 1),
    ("`sv restart`", "svctl", "sv restart", "ms", 1),
    ("boot of the image: init to gettys and services", "init", "boot: init to getty and 3 services", "ms", 0),
    ("its `poweroff`", "init", "poweroff to reboot(2)", "ms", 0),
    ("private memory of process 1", "init", "anonymous memory of PID 1, booted image", "KiB", 0),
)
COLUMNS = ("ours", "runit", "s6", "busybox", "floor")
ORDER = ("runsvdir", "floor", "busybox", "s6", "runit")
LABELS = {"runsvdir": "pidone", "floor": "floor (bare vfork and exec)"}
COLOURS = {"runsvdir": "#1b6ca8", "floor": "#999999", "busybox": "#c77b0a", "s6": "#3a8f4d", "runit": "#a83232"}

HEAD = """# Figures

Written by `make bench`, side by side with Debian's runit, s6, busybox, tini and dumb-init, and
with *floors*, programs that do what cannot be left out and nothing else. Medians, with the least
and the most of several runs that were interleaved. What other work on the machine disturbed is
measured again by `bench/NAME_figures.py FIGURE`, all that are compared of it, and written by
`bench/report.py`.

Read ratios, not times: they depend on the machine%s
A bound in ms was set on another one; where it is missed here, it is looked at again in
proportion to the floor ("here ..."), and the verdict is `ok here`. The image's times are of the
guest's clock, in which an instruction takes 2 ns (`-icount`), so that boots of two images can
be compared; only waiting for the disk is this machine's.

How each is measured stands at the top of `bench/*_figures.py`.
"""

PLOTS = """## How it grows

![Time from the start of the supervisor until all services run, and the supervisors' private memory, against the number of services](bench-services.svg)

A monitor of ours is a struct, not a process: the distance to the floor is the price of the
files in `supervise/`.

## How long a restart takes

![Distributions of the time from SIGKILL of a service to its next start, and of sv restart](bench-restart.svg)

Each curve says which share of all restarts was done within that time. runit's and busybox's `sv`
look every 0.42 s; s6 waits a second before it starts anything again. The floor, which does
nothing but wait, vfork and exec, takes %.2f of runit's time from the SIGKILL to the next
start, ours %.2f: below the floor nobody gets.
"""

SERVICES = """
set terminal svg size 900,380 font "sans-serif,13" background rgb "white"
set multiplot layout 1,2
set logscale xy
set xrange [0.9:1100]
set grid back lc rgb "#dddddd"
set key top left reverse Left samplen 2
set xlabel "services"
set ylabel "ms until all run"
set yrange [5:100000]
plot %s
set ylabel "KiB of private memory"
set yrange [50:1000000]
plot %s
unset multiplot
"""

RESTART = """
set terminal svg size 900,380 font "sans-serif,13" background rgb "white"
set multiplot layout 1,2
set logscale x
set yrange [0:1]
set xrange [0.5:3000]
set grid back lc rgb "#dddddd"
set key left at 5,0.6 reverse Left samplen 2
set ylabel "share of all"
set xlabel "ms from SIGKILL to the next start"
plot %s
set key left at 15,0.6
set xlabel "ms that sv restart takes"
plot %s
unset multiplot
"""


def measured(name):
    path = os.path.join(TOOLS, name + ".json")
    if not os.path.exists(path):
        sys.exit("%s: %s is not there: bench/%s_figures.py measures it" % (sys.argv[0], path, name))
    return json.loads(read(path))


def table(figures):
    lines = ["| figure | ours | others | ratio | bound | |", "|---|---|---|---|---|---|"]
    for figure in figures.values():
        if "row" in figure:
            name, ours, others, ratio, bound, verdict = figure["row"]
            lines.append("| %s | %s | %s | %s | %s | %s |" % (name.strip(), ours, "; ".join(others), ratio, bound,
                                                           verdict or "-"))
    return "\n".join(lines) + "\n"


def short(found):
    """README's table."""
    lines = ["| | %s |" % " | ".join(COLUMNS).replace("ours", "pidone"), "|---" * (len(COLUMNS) + 1) + "|"]
    for label, name, figure, unit, digits in SHORT:
        values = {"ours": found[name][figure]["ours"], **found[name][figure]["others"]}
        cells = ["%.*f %s" % (digits, statistics.median(values[column]), unit) if column in values else "-"
                 for column in COLUMNS]
        lines.append("| %s | %s |" % (label, " | ".join(cells)))
    return "\n".join(lines) + "\n"


def gnuplot(name, script, curves):
    """Draws docs/NAME.svg: SCRIPT, with a list of curves for each `%s` in it;
    CURVES: for each a list of (key, points, style)."""
    blocks, plots, number = [], [], 0
    for plot in curves:
        lines = []
        for key, points, style in plot:
            blocks.append("$d%d << END\n%s\nEND\n" % (number, "\n".join("%g %g" % point for point in points)))
            lines.append('$d%d using 1:2 with %s lw 2 lc rgb "%s" title "%s"' %
                         (number, style, COLOURS[key], LABELS.get(key, key)))
            number += 1
        plots.append(", ".join(lines))
    drawn = subprocess.run(["gnuplot"], input="".join(blocks) + script % tuple(plots), text=True, check=True,
                           stdout=subprocess.PIPE).stdout
    with open(os.path.join(ROOT, "docs", name + ".svg"), "w") as file:
        file.write(drawn)


def growth(found):
    """Time and memory against the number of services."""
    return [[(name, [(point[0], point[which]) for point in found[name]], "linespoints pt 7 ps 0.5")
             for name in ORDER if found.get(name) and not (which == 2 and name == "floor")] for which in (1, 2)]


def shares(figure):
    """The distribution of a figure's values for each that it was measured of."""
    values = {"runsvdir": figure["ours"], **figure["others"]}
    return [(name, [(value, (at + 1) / len(values[name])) for at, value in enumerate(sorted(values[name]))], "steps")
            for name in ORDER if name in values]


def main():
    found = {name: measured(name) for name in ("init", "supervise", "svctl", "image")}
    init, supervise, svctl, image = found.values()
    gnuplot("bench-services", SERVICES, growth(supervise["curve"]))
    death = next(figure for name, figure in supervise.items() if name.startswith("SIGKILL"))
    gnuplot("bench-restart", RESTART, [shares(death), shares(svctl["sv restart"])])
    floor = statistics.median(supervise["1000 services, start to all running"]["others"]["floor"])
    each = {name: statistics.median(values) for name, values in (("ours", death["ours"]), *death["others"].items())}
    with open(PAGE, "w") as page:
        page.write("\n".join([HEAD % (" (here %.0f ms for the\n1,000 starts of the floor)." % floor),
                              "## The supervisor\n", table(supervise), "## svctl and sv\n", table(svctl),
                              "## init\n", table(init), "## The image\n", table(image),
                              PLOTS % (each["floor"] / each["runit"], each["ours"] / each["runit"])]))
    text = read(README)
    with open(README, "w") as page:
        page.write(re.sub(r"(?s)(<!-- make bench -->\n).*?(<!-- -->)", lambda match: match[1] + short(found) + match[2],
                          text))


if __name__ == "__main__":
    main()
