#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""runsvdir is killed before each of its system calls, and while each of its children
is before each of its own on the way to exec; and such a child is. Meanwhile services
are added, killed, told to go down, up, run once, and removed. After each kill a new
runsvdir is started, and all must end as if there had been none.

SOAK=1: every call; otherwise a sample, CASES of them, evenly. Arguments: words as they
are in the diagnostics (parent 12; child 3 7), to run those cases only.
"""

import os
import shutil
import sys
import tempfile

import tracer
from story import BIN, Case, run_all, run_case

SOAK = os.environ.get("SOAK") == "1"
# The calls of two runs differ a little in number; such a part of the cases, but not less than
# two, may come to their end before the call at which they are to be killed.
WITHOUT_A_KILL = 0.1
CASES = int(os.environ.get("CASES", "150"))

WHAT = {
    "goes on": "all steps come to their end",
    "supervisor": "no supervisor ends by itself; the last exits 0 after INT",
    "copies": "each service runs exactly once, and was started only when it had to be",
    "loggers": "no logger was started again",
    "left": "nothing is left behind",
    "lines": "no line is lost or doubled",
    "status": "the status tells the truth",
}
MODES = {
    (False, "parent", 2): "runsvdir killed before a call of its own",
    (False, "parent", 3): "runsvdir killed while its child is before a call, not yet executed",
    (False, "child", 3): "a child killed before a call, not yet executed",
    (True, "parent", 2): "an adopting runsvdir killed before a call of its own",
    (True, "parent", 3): "an adopting runsvdir killed while its child is before a call",
    (True, "child", 3): "a child of an adopting runsvdir killed before a call",
}


def make(directory, case):
    second, kill = case
    children = kill is None or len(kill) == 3
    made = Case(directory, second, lambda words, started, prepare:
                tracer.Trace(words, kill, started, children, prepare))
    made.child_fails = kill is not None and kill[0] == "child"
    return made


def mode_of(case):
    second, kill = case
    return second, kill[0], len(kill)


def spell(case):
    return ("second " if case[0] else "") + " ".join(map(str, case[1]))


def all_cases(top):
    """Of one run without a kill each: every call that was made."""
    cases = []
    for second in (False, True):
        result = run_case(top, f"whole{second}", lambda directory: make(directory, (second, None)))
        if "unavailable" in result:
            print(f"ok - kill boundaries # SKIP no namespace: {result['unavailable']}")
            sys.exit(0)
        print(f"{'not ok' if result['errors'] else 'ok'} - the story without a kill"
              + (", but for one of the first supervisor" if second else ""))
        for kind, what in result["errors"]:
            print(f"# {kind}: {what}".replace("\n", "\n# "))
        if "calls" not in result:
            sys.exit(1)
        cases += [(second, ("parent", n)) for n in range(len(result["calls"]))]
        for c, calls in enumerate(result["children"]):
            cases += [(second, (who, c, j)) for who in ("parent", "child") for j in range(len(calls))]
        print(f"# the story without a kill, {'adopting' if second else 'fresh'}: {len(result['calls'])} calls, "
              f"{len(result['children'])} children with {sum(map(len, result['children']))}")
    return cases


def chosen(cases):
    if len(sys.argv) > 1:
        return [c for c in cases if spell(c) == " ".join(sys.argv[1:])]
    if SOAK or len(cases) <= CASES:
        print(f"# all {len(cases)} cases")
        return cases
    print(f"# {CASES} of {len(cases)} cases, evenly (SOAK=1: all)")
    return [cases[i * len(cases) // CASES] for i in range(CASES)]


def report(mode, results):
    """Prints what held; returns how many things did not."""
    ran = [r for r in results if r[1].get("killed")]
    print(f"# {MODES[mode]}: {len(results)} cases, {len(ran)} of them with a kill; "
          f"letters given again in {sum(1 for r in ran if r[1]['again'])}")
    enough = len(results) - len(ran) <= max(2, len(results) * WITHOUT_A_KILL)
    print(f"{'ok' if enough else 'not ok'} - {MODES[mode]}: the kill came")
    failed = int(not enough)
    for kind, what in WHAT.items():
        bad = [(case, r) for case, r in results if any(k == kind for k, _ in r["errors"])]
        print(f"{'not ok' if bad else 'ok'} - {MODES[mode]}: {what}")
        failed += bool(bad)
        if bad:
            print(f"# in {len(bad)} of {len(results)} cases")
        for case, r in bad[:6]:
            print(f"# {spell(case)}: killed {r.get('killed')}")
            for k, told in r["errors"]:
                if k in (kind, "messages"):
                    print("".join(f"#     {k}: {line}\n" for line in told.splitlines()), end="")
    return failed


def main():
    reason = tracer.unavailable()
    if not os.access(f"{BIN}/runsvdir", os.X_OK):
        print(f"not ok - {BIN}/runsvdir is there")
        sys.exit(1)
    if reason:
        print(f"ok - kill boundaries # SKIP {reason}")
        sys.exit(0)
    top = tempfile.mkdtemp(prefix="pidone.")
    failed = 0
    try:
        cases = chosen(all_cases(top))
        sys.stdout.flush()
        results = {}
        for case, result in run_all(top, cases, make):
            results.setdefault(mode_of(case), []).append((case, result))
        for mode in MODES:
            if mode in results:
                failed += report(mode, sorted(results[mode], key=lambda r: r[0]))
        same = sum(map(len, results.values())) == len(cases)
        print(f"{'ok' if same else 'not ok'} - all chosen cases have run")
        print(f"# {sum(map(len, results.values()))} cases")
    finally:
        shutil.rmtree(top, ignore_errors=True)
    sys.exit(1 if failed or not same else 0)


if __name__ == "__main__":
    main()
