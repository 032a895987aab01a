"""A program on a terminal of ours: what it draws, and keys for it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

# ECMA-48's control sequences, and the few short ones that curses sends.
_CONTROL = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78MEDH]|\][^\x07]*\x07)")


class PseudoTerminal:
    """A program whose standard input and output are a terminal of `lines` by `columns`."""

    def __init__(self, command: Sequence[str | Path], lines: int = 40, columns: int = 160) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            for name in ("LINES", "COLUMNS"):  # the terminal tells, and may change
                os.environ.pop(name, None)
            os.execvp(str(command[0]), [str(word) for word in command])
        self.resize(lines, columns)
        self.raw = ""

    def resize(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def read(self, seconds: float) -> None:
        """Takes what comes in so long."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self._fd], [], [], left)[0]:
                return
            try:
                piece = os.read(self._fd, 65536)
            except OSError:  # its end is closed
                return
            if not piece:
                return
            self.raw += piece.decode(errors="replace")

    @property
    def text(self) -> str:
        """All that was drawn so far, without the terminal's control sequences."""
        return _CONTROL.sub(" ", self.raw)

    def wait_for(self, condition: Callable[[str], bool], timeout: float = 10) -> None:
        """Returns once the text that was drawn is as it should be."""
        deadline = time.monotonic() + timeout
        while not condition(self.text):
            assert time.monotonic() < deadline, f"not drawn: {self.text[-3000:]}"
            self.read(0.1)

    def forget(self) -> None:
        """What was drawn so far is not part of `text` from now on."""
        self.raw = ""

    def exit_code(self, timeout: float = 10) -> int:
        """Waits for the program's end; minus the number of the signal that ended it."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
        raise AssertionError(f"it does not end: {self.text[-3000:]}")

    def close(self) -> None:
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._fd)


@contextlib.contextmanager
def on_terminal(
    command: Sequence[str | Path], lines: int = 40, columns: int = 160
) -> Iterator[PseudoTerminal]:
    terminal = PseudoTerminal(command, lines, columns)
    try:
        yield terminal
    finally:
        terminal.close()
