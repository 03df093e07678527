#!/usr/bin/env python3
"""prompt.py PROGRAM FRAMES: milliseconds from a key to its echo while a model trains."""
import os, random, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from terminal import Display, Terminal, median, percentile, report

KEYS, LINE = 400, 40
SCENE = "seed 1; data spiral; dense 16 tanh; dense 16 tanh; dense 1 tanh; compile adam; fit 100000000 &\r"
PROMPT = r"gradus> $"


def echo(terminal, key):
    """Seconds until the key is on the screen."""
    terminal.seen = b""
    start = time.monotonic()
    terminal.send(key)
    return terminal.wait(key, 5)[1] - start


def measure(program, window, **environment):
    terminal = Terminal(program, *([] if window else ["--no-window"]), **environment)
    chance = random.Random(1)
    times = []
    terminal.wait(PROMPT)
    terminal.send(SCENE)
    terminal.drain(2)
    for i in range(KEYS):
        if i % LINE == 0:
            terminal.send("\x15")
        terminal.drain(chance.uniform(0.02, 0.06))
        times.append(1000 * echo(terminal, chance.choice("QXZ")))
    terminal.end()
    report(bench="prompt", window=window, keys=KEYS, median_ms=median(times), p99_ms=percentile(times, 0.99),
           worst_ms=max(times), goal_p99_ms=16)


def main(program, frames):
    measure(program, False)
    with Display() as display:
        measure(program, True, **display)


main(*sys.argv[1:])
