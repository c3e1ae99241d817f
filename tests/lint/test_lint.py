#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each static check finds a fault of its kind, planted in a copy of the tree, and nothing
else there."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.join(HERE, "../..")
sys.path.insert(0, os.path.join(HERE, "../namespace"))
sys.dont_write_bytecode = True  # the tree stays clean

from harness import run_tests

COPY = tempfile.mkdtemp(prefix="pidone-lint-")
FREED = """#include <stdlib.h>

int planted(int number);

int planted(int number)
{
	int *copy = malloc(sizeof *copy);

	if (copy == NULL)
		return 0;
	*copy = number;
	free(copy);
	return *copy;
}
"""
DIVISION = """int planted(int number);

int planted(int number)
{
	int zero = 0;

	return number / zero;
}
"""
PAGE = ".Dd January 1, 2026\n.Dt PLANTED 8\n.Os\n.Sh NAME\n.Nm planted\n.Nd nothing\n.Sh DESCRIPTION\nText.\n"
BODY = "{\n" + "\tnumber++;\n" * 60 + "\treturn number;\n}\n"
SUPPRESSED = "tests/lint/cppcheck"
with open(os.path.join(TREE, SUPPRESSED)) as suppressed:
    SUPPRESSIONS = suppressed.read()
OWN = "long functions, silence without a reason, names of manuals"

# What it proves, file, text, check, and what is to be found; None: nothing.
PLANTED = [
    ("cppcheck finds a division by zero", "svctl/division.c", DIVISION,
     "cppcheck", "svctl/division.c:7: warning: Division by zero"),
    ("cppcheck looks at the tests", "tests/unit/division.c", DIVISION,
     "cppcheck", "tests/unit/division.c:7: warning: Division by zero"),
    ("shellcheck looks at scripts without a suffix", "image/planted", "#!/bin/sh\nrm $1\n",
     "shellcheck", "image/planted:2:4: warning: Double quote"),
    ("shellcheck looks at what services run", "rootfs/etc/init.d/klogd/finish", "#!/bin/sh\nrm $1\n",
     "shellcheck", "klogd/finish:2:4: warning: Double quote"),
    ("mandoc finds an unknown macro", "man/planted.8", PAGE + ".Qx\n",
     "mandoc's lint", "man/planted.8:9:2: warning: ERROR: skipping unknown macro"),
    ("pyflakes finds an unknown name", "tests/planted.py", "print(nothing)\n",
     "pyflakes", "tests/planted.py:1: warning: undefined name"),
    ("a long function is found", "svctl/long.c",
     "int planted(int number);\n\n/* Counts. */\nint planted(int number)\n" + BODY,
     OWN, "svctl/long.c:4: warning: a function of 64 lines"),
    ("a long function with a reason is none", "svctl/reason.c",
     "int planted(int number);\n\n/* Longer than a screen: for a test. */\nint planted(int number)\n" + BODY,
     OWN, None),
    ("a long function in Python is found", "tests/long.py", "def planted():\n" + "    print()\n" * 60,
     OWN, "tests/long.py:1: warning: a function of 61 lines"),
    ("silence without a reason is found", "svctl/silent.h", "int planted(void);	/* NO" "LINT(misc-unused) */\n",
     OWN, "svctl/silent.h:1: warning: silence without a reason"),
    ("silence about everything is found", "svctl/all.h", "int planted(void);	/* NO" "LINT: a test */\n",
     OWN, "svctl/all.h:1: warning: silence without a reason"),
    ("the number of a check is no reason", "tests/number.py", "print()  # no" "qa: E402\n",
     OWN, "tests/number.py:1: warning: silence without a reason: # no" "qa: E402"),
    ("the number of a check and a reason is none", "tests/numbers.py", "print()  # no" "qa: E402 # a test\n",
     OWN, None),
    ("silence for pylint without a reason is found", "tests/pylint.py", "print()  # py" "lint: disable=all\n",
     OWN, "tests/pylint.py:1: warning: silence without a reason: # py" "lint"),
    ("a compiler's warning that is off without a reason is found", "bench/planted.mk",
     "# -Wone: has a reason.\nFLAGS = -Wno" "-one -Wno" "-other\n",
     OWN, "bench/planted.mk:2: warning: a warning that is off without a reason: -Wother"),
    ("what cppcheck is not to say without a reason is found", SUPPRESSED, SUPPRESSIONS + "planted:init/planted.c\n",
     OWN, SUPPRESSED + ":%d: warning: off without a reason: planted" % (SUPPRESSIONS.count("\n") + 1)),
    ("silence with a reason is none", "svctl/said.h", "int planted(void);	/* NO" "LINT(misc-unused): a test */\n",
     OWN, None),
    ("a check that is off without a reason is found", "bench/.clang-tidy",
     "# misc-one: has a reason.\nChecks: \"-misc-one,-misc-other\"\n",
     OWN, "bench/.clang-tidy:1: warning: off without a reason: misc-other"),
    ("the name of a manual that is not there is found", "man/other.8", PAGE + ".Sh SEE ALSO\n.Xr runsvdri 8\n",
     OWN, "man/other.8:10: warning: no such manual: runsvdri 8"),
]
NOTED = [
    ("gcc finds what is used after it was freed", "gcc", "svctl/freed.c", FREED, "[-Wanalyzer-use-after-free]"),
    ("clang finds it, too", "clang-tidy", "svctl/freed.c", FREED, "[clang-analyzer-unix.Malloc]"),
    ("a file that gcc cannot compile is a finding", "gcc", "svctl/broken.c", '#include "nowhere.h"\n', "error: nowhere.h"),
    ("a file that clang cannot read is a finding", "clang-tidy", "svctl/broken.c", '#include "nowhere.h"\n',
     "error: 'nowhere.h' file not found"),
]


def plant(path, text):
    with open(os.path.join(COPY, path), "w") as file:
        file.write(text)


def run(*command):
    """(exit code, lines)"""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("LINT_NOTES", "PURE_OBJECTS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(command, cwd=COPY, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout.splitlines()


def findings(lines):
    """check -> what it has found"""
    told, check = {}, None
    for line in lines:
        if line.startswith(("ok - ", "not ok - ")):
            check = line.partition(" - ")[2]
            told[check] = []
        elif line.startswith("# ") and ": warning: " in line:
            told[check].append(line[2:])
    return told


def nothing_is_found_in_the_tree_as_it_is():
    code, lines = run("tests/lint/run")
    assert (code, lines[-1]) == (0, "0 findings"), "\n".join(lines)


def what_is_planted_is_found_and_no_more():
    for _, path, text, _, _ in PLANTED:
        plant(path, text)
    code, lines = run("tests/lint/run")
    count = sum(finding is not None for *_, finding in PLANTED)
    assert (code, lines[-1]) == (1, "%d findings" % count), "\n".join(lines)
    found.update(findings(lines))


def of_a_planted_file(name, path, _, check, finding):
    def test():
        told = [line for line in found[check] if path in line]
        if finding is None:
            assert not told, told
        else:
            assert len(told) == 1 and finding in told[0], told
    test.__name__ = name
    return test


def of_a_note(name, check, path, text, finding):
    def test():
        plant(path, text)
        note = "build/lint/%s/%s" % (check, path)
        code, lines = run("make", note)
        assert code == 0, "\n".join(lines)
        with open(os.path.join(COPY, note)) as file:
            noted = file.read()
        assert finding in noted, noted
    test.__name__ = name
    return test


found = {}
try:
    shutil.copytree(TREE, COPY, dirs_exist_ok=True, symlinks=True,
                    ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))
    run_tests([nothing_is_found_in_the_tree_as_it_is, what_is_planted_is_found_and_no_more] +
              [of_a_planted_file(*row) for row in PLANTED] + [of_a_note(*row) for row in NOTED])
finally:
    shutil.rmtree(COPY)
