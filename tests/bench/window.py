#!/usr/bin/env python3
"""window.py PROGRAM FRAMES [SCENE...]: what the animating window costs the training, its frames, and the memory.

Trains each scene with and without the window in turns, counts the steps, and compares the medians. `spiral`
trains on one core, `lenet` and `gpt` on all of them: the one layer by layer, the other in slices.
"""
import os, random, struct, sys, tempfile, time
sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from terminal import Display, Terminal, median, percentile, report

ROUNDS, SECONDS, SETTLE = 5, 6, 2
SCENES = {
    "spiral": "seed 1; demo spiral; stop; speed full; fit 1000000000 batch_size=10 &\r",
    "lenet": "seed 1; data mnist FOLDER; preset lenet; speed full; fit 1000000000 &\r",
    "gpt": "seed 1; data text FOLDER/letters.txt length=64; preset gpt-mini; speed full; fit 1000000000 &\r",
}
PROMPT = r"gradus> $"


def write_digits(folder, count=1000):
    """Files as MNIST's, of noise: what they show is nothing to the time that they take."""
    chance = random.Random(1)
    for part in ("train", "t10k"):
        with open(os.path.join(folder, f"{part}-images-idx3-ubyte"), "wb") as images:
            images.write(struct.pack(">4I", 2051, count, 28, 28) + chance.randbytes(count * 784))
        with open(os.path.join(folder, f"{part}-labels-idx1-ubyte"), "wb") as labels:
            labels.write(struct.pack(">2I", 2049, count) + bytes(i % 10 for i in range(count)))


def write_letters(folder, count=400000):
    chance = random.Random(1)
    with open(os.path.join(folder, "letters.txt"), "w") as text:
        text.write("".join(chance.choices("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ.,:!?-\n", k=count)))


def steps(terminal):
    """The number of the step, and when it was read."""
    terminal.send("print step\r")
    match, when = terminal.wait(r"(?m)^(\d+)$")
    return int(match.group(1)), when


def train(program, scene, window, **environment):
    """Steps a second, and resident megabytes."""
    terminal = Terminal(program, *([] if window else ["--no-window"]), **environment)
    terminal.wait(PROMPT)
    terminal.send(scene)
    terminal.drain(SETTLE)
    before, start = steps(terminal)
    terminal.drain(SECONDS)
    after, end = steps(terminal)
    memory = terminal.resident()
    terminal.end()
    return (after - before) / (end - start), memory


def intervals(path):
    """Milliseconds from picture to picture, after the first seconds."""
    times = [tuple(map(float, line.split())) for line in open(path) if line.count(".") == 2]
    times = [t for t in times if t[1] > times[0][1] + SETTLE]
    return [1000 * (b[1] - a[1]) for a, b in zip(times, times[1:])]


def measure(program, frames, name, scene, display, log):
    without, shown, memory, gaps = [], [], [], []
    for _ in range(ROUNDS):
        without.append(train(program, scene, False)[0])
        rate, resident = train(program, scene, True, LD_PRELOAD=frames, GRADUS_BENCH_FRAMES=log.name, **display)
        shown.append(rate)
        memory.append(resident)
        gaps += intervals(log.name)
    report(bench="window", scene=name, what="steps_per_s", without=median(without), with_window=median(shown),
           ratio=median(shown) / median(without), goal=0.95)
    report(bench="window", scene=name, what="frames", per_s=1000 * len(gaps) / sum(gaps), median_ms=median(gaps),
           p99_ms=percentile(gaps, 0.99), worst_ms=max(gaps), goal_p99_ms=20)
    if name == "spiral":
        report(bench="window", scene=name, what="memory", resident_mb=max(memory), goal_mb=60)


def main(program, frames, *names):
    with Display() as display, tempfile.NamedTemporaryFile(prefix="gradus-frames-") as log, \
            tempfile.TemporaryDirectory(prefix="gradus-data-") as folder:
        write_digits(folder)
        write_letters(folder)
        for name in names or SCENES:
            measure(program, frames, name, SCENES[name].replace("FOLDER", folder), display, log)


main(*sys.argv[1:])
