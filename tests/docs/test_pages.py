#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the pages say of the tree is so: links lead somewhere, each module has its
sentence, each lab its page."""
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../namespace"))
os.chdir(os.path.join(HERE, "../.."))

from harness import run_tests

PROGRAMS = ("init", "supervise", "svctl", "libsv")


def read(path):
    with open(path) as file:
        return file.read()


def pages():
    return sorted(glob.glob("*.md") + glob.glob("docs/**/*.md", recursive=True))


def without_code(text):
    return re.sub(r"(?ms)^```.*?^```|^    .*?$", "", text)


def anchor(heading):
    """What GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "")).strip().lower().replace(" ", "-")


def modules():
    """The names of all modules, as DESIGN.md calls them."""
    return sorted({os.path.splitext(path)[0] for program in PROGRAMS
                   for path in glob.glob(program + "/*.[ch]")})


def documented_modules():
    """module -> its sentence, of the table in DESIGN.md. A row may have several
    modules of one directory, separated by commas."""
    table = re.search(r"(?s)\n\| module \| is \|\n\|---\|---\|\n(.*?)\n\n", read("docs/DESIGN.md"))
    found = {}
    for row in table[1].splitlines():
        names, sentence = (cell.strip() for cell in row.strip("|").split(" | "))
        directory = names.partition("/")[0]
        for name in names.replace("*", "").split(","):
            name = name.strip()
            name = name if "/" in name else directory + "/" + name
            assert name not in found, "%s has two sentences" % name
            found[name] = sentence
    return found


def each_module_has_its_sentence_in_the_design():
    found = documented_modules()
    missing = [name for name in modules() if not found.get(name)]
    assert not missing, "docs/DESIGN.md says nothing of: %s" % ", ".join(missing)


def no_sentence_is_of_a_module_that_is_gone():
    stale = sorted(set(documented_modules()) - set(modules()))
    assert not stale, "docs/DESIGN.md speaks of what is not there: %s" % ", ".join(stale)


def pure_modules_are_marked_and_no_others():
    rules = re.search(r"(?ms)^PURE = (.*?[^\\])$", read("tests/rules.mk"))[1]
    pure = {os.path.splitext(word)[0] for word in rules.replace("\\\n", " ").split()}
    table = read("docs/DESIGN.md")
    marked = set()
    for row in re.findall(r"(?m)^\| (\w+/.*?) \| ", table):
        directory = row.partition("/")[0]
        for name in row.split(","):
            if name.strip().endswith("*"):
                name = name.strip(" *")
                marked.add(name if "/" in name else directory + "/" + name)
    assert marked == pure, "marked: %s; in tests/rules.mk: %s" % (
        sorted(marked - pure), sorted(pure - marked))


def the_picture_is_what_its_source_draws():
    drawn = subprocess.run([sys.executable, "docs/house.py"], capture_output=True, text=True, check=True)
    assert drawn.stdout == read("docs/house.svg"), "docs/house.svg is old; run: make house"


def each_step_of_the_boot_is_in_the_man_page():
    steps = re.findall(r'(?m)^\t\{ "(\w+)", \w+ \},$', read("init/boot.c"))
    section = re.search(r"(?s)\n\.Ss Up\n(.*?)\n\.Ss ", read("man/init.8"))[1]
    named = [word for line in re.findall(r"(?m)^\.It Cm (.*)$", section) for word in line.split() if word != ","]
    assert steps, "no table of steps in init/boot.c"
    assert sorted(steps) == sorted(named), "init/boot.c: %s; man/init.8: %s" % (
        sorted(set(steps) - set(named)), sorted(set(named) - set(steps)))


def the_man_page_names_the_deadlines_that_hold():
    table = re.search(r"(?s)lifecycle_limits_standard = \{(.*?)\n\};", read("init/lifecycle.c"))[1]
    limits = {name: int(value) // 1000 for name, value in re.findall(r"\.(\w+) = (\d+),", table)}
    page = " ".join(read("man/init.8").split())
    says = {"step": "waited for, %d seconds at most", "entry": "each for %d seconds at most",
            "stop": "they have %d seconds. A supervisor", "term": "to all processes; they have %d seconds",
            "kill": "the kernel has %d seconds"}
    wrong = [name for name, words in says.items() if words % limits[name] not in page]
    if limits["release"] != 60 or "for a minute at most" not in page:
        wrong.append("release")
    assert sorted(limits) == sorted([*says, "release"]), sorted(limits)
    assert not wrong, "man/init.8 says something else of: %s" % ", ".join(wrong)


def links_lead_somewhere():
    wrong = []
    for page in pages():
        text = without_code(read(page))
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, fragment = target.partition("#")
            path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not os.path.exists(path):
                wrong.append("%s: %s: no such file" % (page, target))
            elif fragment and fragment not in [
                    anchor(line) for line in re.findall(r"(?m)^#+ +(.*)$", read(path))]:
                wrong.append("%s: %s: no such heading" % (page, target))
    assert not wrong, "\n".join(wrong)


def files_that_are_named_are_there():
    """`init/power.c` in a page is a file here, or one of others that is known."""
    elsewhere = {"init/main.c": "the kernel's"}
    wrong = []
    for page in pages():
        for path in re.findall(r"`((?:%s|image|tests|bench|docs|man)/[\w./-]*[.][a-z0-9]+)`" % "|".join(PROGRAMS),
                               without_code(read(page))):
            if path not in elsewhere and not os.path.exists(path):
                wrong.append("%s: %s" % (page, path))
    assert not wrong, "not there:\n" + "\n".join(wrong)


def each_lab_has_a_page_and_a_line_in_the_list():
    rows = dict(re.findall(r"(?m)^\| \[(\w+)\]\(\1/README.md\) \| (.*) \|$", read("docs/labs/README.md")))
    labs = sorted(os.path.basename(os.path.dirname(path))
                  for path in glob.glob("docs/labs/*/experiment.py"))
    assert sorted(rows) == labs, "listed: %s, there: %s" % (sorted(rows), labs)
    for lab in labs:
        question = read("docs/labs/%s/README.md" % lab).splitlines()[0]
        assert question == "# " + rows[lab], "%s: %s" % (lab, question)
        assert question.endswith("?"), question


def make_lab_lists_all_labs():
    said = subprocess.run(["docs/labs/run"], capture_output=True, text=True, check=True).stdout
    listed = re.findall(r"(?m)^  (\w+) +\S", said)
    assert sorted(listed) == sorted(os.path.basename(os.path.dirname(path))
                                    for path in glob.glob("docs/labs/*/experiment.py")), said


run_tests([each_module_has_its_sentence_in_the_design, no_sentence_is_of_a_module_that_is_gone,
           pure_modules_are_marked_and_no_others,
           the_picture_is_what_its_source_draws, each_step_of_the_boot_is_in_the_man_page,
           the_man_page_names_the_deadlines_that_hold, links_lead_somewhere,
           files_that_are_named_are_there, each_lab_has_a_page_and_a_line_in_the_list,
           make_lab_lists_all_labs])
