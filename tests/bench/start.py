#!/usr/bin/env python3
"""start.py PROGRAM FRAMES: milliseconds from start to the prompt, and to the first picture."""
import os, sys, tempfile, time
sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from terminal import Display, Terminal, median, report

ROUNDS = 20
PROMPT = r"gradus> $"


def to_prompt(program):
    terminal = Terminal(program, "--no-window")
    _, when = terminal.wait(PROMPT)
    terminal.end()
    return 1000 * (when - terminal.start)


def to_picture(program, frames, display):
    with tempfile.NamedTemporaryFile(prefix="gradus-frames-") as log:
        terminal = Terminal(program, LD_PRELOAD=frames, GRADUS_BENCH_FRAMES=log.name, **display)
        while not os.path.getsize(log.name):
            terminal.read(0.005)
            if time.monotonic() > terminal.start + 30:
                raise SystemExit("no picture came")
        terminal.end()
        return 1000 * (float(open(log.name).readline().split()[1]) - terminal.start)


def main(program, frames):
    times = [to_prompt(program) for _ in range(ROUNDS)]
    report(bench="start", what="prompt", median_ms=median(times), worst_ms=max(times), goal_ms=50)
    with Display() as display:
        times = [to_picture(program, frames, display) for _ in range(ROUNDS)]
    report(bench="start", what="picture", median_ms=median(times), worst_ms=max(times), goal_ms=300)


main(*sys.argv[1:])
