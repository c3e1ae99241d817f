# SPDX-License-Identifier: MIT
"""Cases (call, occurrence, what happens there) of a test: which of them are run, and
what is said of those that failed. SOAK=1: all of them; PART=2/7: the second seventh."""

import os
import random
import sys

EVERY = os.environ.get("SOAK") == "all"     # for a test that knows more than SOAK=1 runs
SOAK = os.environ.get("SOAK") == "1" or EVERY
PART, PARTS = map(int, os.environ.get("PART", "1/1").split("/"))
SEED = int(os.environ.get("SEED", "1"))
SHOWN = 10      # so many failures are shown in full
COME = 0.9      # of the cases at least: a call of the trace need not come in each run


def spell(case):
    return "%s %s %s" % case


def choose(cases, most):
    """Those that begin with the arguments, if there are any; else all, or MOST."""
    if len(sys.argv) > 1:
        words = " ".join(sys.argv[1:]) + " "
        return [case for case in cases if (spell(case) + " ").startswith(words)]
    if SOAK or len(cases) <= most:
        return cases[PART - 1::PARTS]
    return by_turns(random.Random(SEED).sample(cases, len(cases)))[:most]


def by_turns(cases):
    """One of each call, then another of each: those made often do not crowd out the rest."""
    turns, seen = [], {}
    for case in cases:
        seen[case[0]] = turn = seen.get(case[0], -1) + 1
        turns.append((turn, case))
    return [case for _, case in sorted(turns, key=lambda pair: pair[0])]


def how_chosen(chosen, cases):
    """What is to be said of that behind their number."""
    if SOAK:
        return "" if PARTS == 1 else ", part %d of %d" % (PART, PARTS)
    return "" if len(chosen) == len(cases) else ", seed %d (SOAK=1: all)" % SEED


def report(when, whats, errors):
    """A test for each of WHATS, {kind: what}. ERRORS: [(case, [(kind, text)])]. How many
    failed."""
    failed = 0
    for kind, what in whats.items():
        bad = [(case, text) for case, found in errors for k, text in found if k == kind]
        print("%s - %s: %s" % ("not ok" if bad else "ok", when, what))
        for case, text in bad[:SHOWN]:
            print("# %s:" % spell(case))
            print("".join("#     %s\n" % line for line in text.splitlines()), end="")
        if len(bad) > SHOWN:
            print("# and %d more: %s" % (len(bad) - SHOWN, ", ".join(spell(case) for case, _ in bad[SHOWN:])))
        failed += bool(bad)
    return failed


def enough(what, results):
    """A test: WHAT was so in most of RESULTS, [(case, whether it was)]."""
    without = [spell(case) for case, did in results if not did]
    good = len(results) - len(without) >= COME * len(results)
    print("%s - in %d %% of the cases %s" % ("ok" if good else "not ok", COME * 100, what))
    print("# %d cases have run; in %d %s" % (len(results), len(results) - len(without), what))
    if without:
        print("# not in: " + ", ".join(without[:SHOWN]) + (", and %d more" % (len(without) - SHOWN) if without[SHOWN:] else ""))
    return good
