"""A program in a pseudo-terminal, as the benches drive it: start, type, wait, count."""
import json, os, pty, re, select, shutil, signal, statistics, struct, subprocess, tempfile, time
import fcntl, termios

ESCAPE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]|[\r\x07]")


class Terminal:
    """`gradus ARGUMENTS` in a terminal of 100 columns, with folders of its own."""

    def __init__(self, program, *arguments, **environment):
        self.folder = tempfile.mkdtemp(prefix="gradus-bench-")
        env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        env.update(TERM="xterm-256color", HOME=self.folder, LC_ALL="C.UTF-8", **environment)
        for name in ("CONFIG", "STATE", "DATA"):
            env[f"XDG_{name}_HOME"] = os.path.join(self.folder, name.lower())
        self.start = time.monotonic()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(program, [program, *arguments], env)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.seen = b""

    def read(self, seconds):
        """Adds what comes within so many seconds to `seen`; False when nothing did."""
        if not select.select([self.terminal], [], [], max(seconds, 0))[0]:
            return False
        try:
            self.seen += os.read(self.terminal, 65536)
        except OSError:
            raise SystemExit(f"the program ended: {self.text()[-400:]}")
        return True

    def text(self):
        return ESCAPE.sub(b"", self.seen).decode(errors="replace")

    def wait(self, pattern, seconds=30):
        """Waits until the text since the last wait matches; returns the match and the time."""
        end = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.text())
            if match:
                self.seen = b""
                return match, time.monotonic()
            if time.monotonic() > end:
                raise SystemExit(f"waited for {pattern!r}, saw {self.text()[-400:]!r}")
            self.read(end - time.monotonic())

    def drain(self, seconds):
        """Reads for so long, so that the program never waits for us."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(end - time.monotonic())
        self.seen = b""

    def send(self, text):
        os.write(self.terminal, text.encode())

    def resident(self):
        """Megabytes that are in memory."""
        with open(f"/proc/{self.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024

    def status(self, seconds):
        """The exit status of a program that ends by itself within so many seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if select.select([self.terminal], [], [], 0.05)[0]:
                try:
                    os.read(self.terminal, 65536)
                except OSError:
                    pass
        return None

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)
        shutil.rmtree(self.folder, ignore_errors=True)


class Display:
    """An X server without a screen, for `with`; gives the environment that finds it."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        if not shutil.which("Xvfb"):
            raise SystemExit("Xvfb is not here")
        reader, writer = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1600x1000x24", "-nolisten", "tcp",
             *self.options],
            pass_fds=[writer], stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader) as answer:
            number = answer.readline().strip()
        return {"DISPLAY": f":{number}", "SDL_VIDEODRIVER": "x11"}

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(**values):
    """One JSON line, as gradus-bench prints them."""
    print(json.dumps({k: round(v, 2) if isinstance(v, float) else v for k, v in values.items()}), flush=True)


def median(values):
    return statistics.median(values)
