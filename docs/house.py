#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws docs/house.svg, the picture in DESIGN.md: docs/house.py >docs/house.svg.
`make house` does it; a test compares."""

WIDTH, HEIGHT = 900, 560
INK, PALE, LINE = "#1f2933", "#667784", "#8796a5"
KERNEL, OURS, SERVICE, FILES = "#e4e9ee", "#cfe3f7", "#dff0d8", "#fdf3d0"

drawing = []


def add(text, *values):
    drawing.append(text % values)


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def text(x, y, words, size=14, color=INK, anchor="start", weight="normal", mono=False):
    add('<text x="%g" y="%g" font-size="%g" fill="%s" text-anchor="%s" font-weight="%s"%s>%s</text>',
        x, y, size, color, anchor, weight, ' font-family="monospace"' if mono else "", escape(words))


def box(x, y, width, height, fill, title="", lines=(), bold=True):
    add('<rect x="%g" y="%g" width="%g" height="%g" rx="6" fill="%s" stroke="%s"/>',
        x, y, width, height, fill, LINE)
    text(x + 10, y + 21, title, weight="bold" if bold else "normal")
    for number, line in enumerate(lines):
        text(x + 10, y + 40 + 17 * number, line, 12, PALE)


def arrow(points, label="", at=None, dashed=False, anchor="middle"):
    add('<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"%s marker-end="url(#tip)"/>',
        " ".join("%g,%g" % point for point in points), INK, ' stroke-dasharray="5 4"' if dashed else "")
    if label:
        text(*at, label, 12, PALE, anchor)


def house():
    box(20, 20, 860, 62, KERNEL, "the kernel",
        ["makes and ends processes, gives orphans to process 1, keeps zombies until somebody waits, "
         "delivers signals"])

    box(20, 130, 250, 130, OURS, "init, process 1",
        ["the boot, the inittab, orphans,", "signals, the way down;", "knows nothing of services",
         "pure: lifecycle, inittab, …"])
    arrow([(95, 82), (95, 130)], "signals, orphans", (102, 110), anchor="start")
    arrow([(215, 130), (215, 82)], "mount, reboot", (222, 110), anchor="start")

    box(20, 330, 118, 40, SERVICE, "getty, login", bold=False)
    box(152, 330, 118, 40, SERVICE, "any entry", bold=False)
    arrow([(79, 260), (79, 330)], "by the inittab", (88, 300), anchor="start")
    arrow([(211, 260), (211, 330)])

    box(360, 130, 240, 130, OURS, "runsvdir", ["one process, one wait;", "a monitor (pure) for each service"])
    for number, name in enumerate(("syslogd", "klogd", "web", "web/log")):
        x = 370 + 56 * number
        add('<rect x="%g" y="206" width="52" height="44" rx="4" fill="white" stroke="%s"/>', x, LINE)
        text(x + 26, 224, "monitor", 10, PALE, "middle")
        text(x + 26, 240, name, 11, INK, "middle")
    arrow([(270, 195), (360, 195)], "respawn", (315, 188))
    for number, name in enumerate(("syslogd", "klogd")):
        box(320 + 90 * number, 330, 80, 40, SERVICE, name, bold=False)
    box(500, 330, 80, 40, SERVICE, "web", bold=False)
    box(670, 330, 90, 40, SERVICE, "web/log", bold=False)
    arrow([(396, 250), (360, 330)])
    arrow([(452, 250), (450, 330)])
    arrow([(508, 250), (540, 330)])
    arrow([(564, 250), (564, 285), (715, 285), (715, 330)], "fork, exec ./run; SIGCHLD back", (572, 279),
          anchor="start")
    arrow([(580, 350), (670, 350)], "log FIFO", (625, 343))

    box(360, 420, 400, 52, FILES, "the service directory",
        ["run, finish, log/ …   and   supervise/{ok,control,status}"])
    arrow([(600, 170), (830, 170), (830, 446), (760, 446)], "reads ./run and options, takes letters,", (612, 162),
          anchor="start")
    text(612, 187, "publishes the record", 12, PALE)

    box(20, 410, 250, 72, OURS, "svctl, also called sv",
        ["no socket, no daemon of its own:", "letters in, a record out"])
    arrow([(270, 458), (360, 458)], "u d t k …", (315, 474))
    arrow([(360, 434), (270, 434)], dashed=True)
    text(300, 428, "status", 12, PALE, "middle")

    box(20, 502, 860, 40, OURS, "libsv: what they share. Deciding (pure: monitor, command, status, text, …) "
        "apart from doing (spawn, signals, files, …)", bold=False)


house()
print('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif">' % (WIDTH, HEIGHT))
print("<!-- made by docs/house.py -->")
print('<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
      '<path d="M0 0 8 4 0 8z" fill="%s"/></marker></defs>' % INK)
print('<rect width="100%" height="100%" fill="white"/>')
print("\n".join(drawing))
print("</svg>")
