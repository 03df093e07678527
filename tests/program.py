#!/usr/bin/env python3
"""program.py: drives the program by real key presses, in its terminal and its window, and looks at pixels.

The program runs in a pseudo-terminal, the display is Xvfb with its frame buffer in a file, keys come from
xdotool. Nothing waits for a time: each step waits until what it expects is there, or fails after a limit.
"""
import array, os, shutil, struct, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(__file__))
from terminal import Display, Terminal

PROMPT = r"gradus> $"
LIMIT = 60  # seconds until something expected counts as missing


class Screen:
    """What Xvfb shows: an XWD file, a header of big-endian words before the pixels."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "Xvfb_screen0")

    def pixels(self):
        with open(self.path, "rb") as file:
            image = file.read()
        header = struct.unpack(">25I", image[:100])
        return image[header[0] + 12 * header[19]:]


class Window:
    def __init__(self, terminal, screen, environment):
        self.terminal, self.screen = terminal, screen
        self.environment = dict(os.environ, **environment)
        self.id = self.until("the window", self.find)
        self.tool("windowfocus", self.id)

    def tool(self, *words):
        result = subprocess.run(["xdotool", *words], capture_output=True, text=True, env=self.environment)
        return result.stdout.split()

    def find(self):
        found = self.tool("search", "--onlyvisible", "--class", "gradus")
        return found[-1] if found else None

    def until(self, what, ready):
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            result = ready()
            if result:
                return result
            self.terminal.read(0.05)
        sys.exit(f"{what} did not come; the terminal shows: {self.terminal.text()[-600:]}")

    def press(self, key):
        self.tool("key", key)

    def changes(self, what):
        before = self.screen.pixels()
        self.until(what, lambda: self.screen.pixels() != before)

    def still(self):
        """The picture, once it stopped moving."""
        last, same = [self.screen.pixels()], [0]

        def settled():
            now = self.screen.pixels()
            same[0] = same[0] + 1 if now == last[0] else 0
            last[0] = now
            return same[0] >= 40  # longer than a part of the step animation in which nothing moves

        self.until("a picture that stands still", settled)
        return last[0]


def answer(terminal, line, pattern):
    """Types a line; returns what it answered."""
    terminal.send(line + "\r")
    found = terminal.wait(pattern, LIMIT)[0].group(1)
    return found


def check(fact, what):
    if not fact:
        sys.exit(f"not so: {what}")
    print(f"ok: {what}")


def drive(terminal, window, screen):
    window.until("a picture", lambda: len(set(array.array("I", screen.pixels()))) > 50)
    print("ok: the picture has many colours")
    window.changes("a moving picture while the demo trains")
    print("ok: the start picture is alive")

    window.press("space")
    terminal.wait("pause", LIMIT)
    still = window.still()
    print("ok: space pauses, and the picture stands still")

    step = int(answer(terminal, "print step", r"(?m)^(\d+)\s*$"))
    window.press("s")
    window.until("a step", lambda: screen.pixels() != still)
    window.until("one step more", lambda: int(answer(terminal, "print step", r"(?m)^(\d+)\s*$")) == step + 1)
    print("ok: s makes one step")

    plain = window.still()
    window.press("h")
    window.until("the list of keys", lambda: screen.pixels() != plain)
    window.still()
    window.press("h")
    window.until("the picture without the list", lambda: screen.pixels() == plain)
    print("ok: h shows the keys and hides them")

    window.press("Tab")
    window.until("another panel in focus", lambda: screen.pixels() != plain)
    print("ok: Tab moves on")

    answer(terminal, "window close", "(gradus> )$")
    window.until("the window's end", lambda: not window.find())
    check(answer(terminal, "print 6 * 7", r"(?m)^(\d+)\s*$") == "42", "the prompt outlives the window")
    answer(terminal, "window", "(gradus> )$")
    window.until("the window again", window.find)
    print("ok: window brings it back")


def main():
    for tool in ("Xvfb", "xdotool"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not here")
            sys.exit(77)
    folder, terminal = tempfile.mkdtemp(prefix="gradus-screen-"), None
    try:
        with Display("-fbdir", folder) as environment:
            terminal = Terminal(os.environ["GRADUS_PROGRAM"], **environment)
            screen = Screen(folder)
            drive(terminal, Window(terminal, screen, environment), screen)
            terminal.send("quit\r")
            check(terminal.status(LIMIT) == 0, "quit ends with 0")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if terminal:
            shutil.rmtree(terminal.folder, ignore_errors=True)


main()
