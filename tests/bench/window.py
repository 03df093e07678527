#!/usr/bin/env python3
"""window.py PROGRAM FRAMES: what the animating window costs the training, its frames, and the memory.

Trains `demo spiral` with and without the window in turns, counts the steps, and compares the medians.
"""
import os, sys, tempfile, time
sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from terminal import Display, Terminal, median, percentile, report

ROUNDS, SECONDS, SETTLE = 5, 6, 2
SCENE = "seed 1; demo spiral; stop; speed full; fit 1000000000 batch_size=10 &\r"
PROMPT = r"gradus> $"


def steps(terminal):
    """The number of the step, and when it was read."""
    terminal.send("print step\r")
    match, when = terminal.wait(r"(?m)^(\d+)$")
    return int(match.group(1)), when


def train(program, window, **environment):
    """Steps a second, and resident megabytes."""
    terminal = Terminal(program, *([] if window else ["--no-window"]), **environment)
    terminal.wait(PROMPT)
    terminal.send(SCENE)
    terminal.drain(SETTLE)
    before, start = steps(terminal)
    terminal.drain(SECONDS)
    after, end = steps(terminal)
    memory = terminal.resident()
    terminal.end()
    return (after - before) / (end - start), memory


def intervals(path):
    """Milliseconds from picture to picture, after the first seconds, and what presenting one took."""
    times = [tuple(map(float, line.split())) for line in open(path) if line.count(".") == 2]
    times = [t for t in times if t[1] > times[0][1] + SETTLE]
    return [1000 * (b[1] - a[1]) for a, b in zip(times, times[1:])]


def main(program, frames):
    without, shown, memory, gaps = [], [], [], []
    with Display() as display, tempfile.NamedTemporaryFile(prefix="gradus-frames-") as log:
        for _ in range(ROUNDS):
            without.append(train(program, False)[0])
            rate, resident = train(program, True, LD_PRELOAD=frames, GRADUS_BENCH_FRAMES=log.name, **display)
            shown.append(rate)
            memory.append(resident)
            gaps += intervals(log.name)
    report(bench="window", what="steps_per_s", without=median(without), with_window=median(shown),
           ratio=median(shown) / median(without), goal=0.95)
    report(bench="window", what="frames", per_s=1000 * len(gaps) / sum(gaps), median_ms=median(gaps),
           p99_ms=percentile(gaps, 0.99), worst_ms=max(gaps), goal_p99_ms=20)
    report(bench="window", what="memory", resident_mb=max(memory), goal_mb=60)


main(*sys.argv[1:])
