"""The folder in which a stack keeps what it must remember, and who is using it."""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.failure import CannotStart

PROJECT = Path(__file__).resolve().parents[2]
DEFAULT_HOME = PROJECT / ".oms"
LEAST_FREE_BYTES = 300_000_000
FULL_BYTES = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Home:
    """The places inside the folder. Nothing is created before `claim`."""

    path: Path

    @property
    def run_file(self) -> Path:
        """What a ready stack says of itself, for scripts."""
        return self.path / "run.json"

    @property
    def lock_file(self) -> Path:
        """Locked by the process that uses the folder; also the mark that the folder is ours."""
        return self.path / "lock"

    @property
    def is_ours(self) -> bool:
        """Whether a stack made this folder; the checkout's own `.oms` is ours in any case."""
        return self.lock_file.exists() or self.path == DEFAULT_HOME

    def claim(self) -> "Claim":
        """Create the folder if needed and keep others out until the claim is released.

        Raises:
            CannotStart: it is in use, holds somebody else's files, or cannot be written to.
        """
        if not self.is_ours and self.path.is_dir() and any(self.path.iterdir()):
            raise CannotStart(f"{self.path} holds other files: set OMS_HOME to an empty folder.")
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise CannotStart(f"{self.path} cannot be used: {error.strerror}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise CannotStart(self._occupied()) from None
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        return Claim(lock=lock)

    def require_room(self) -> None:
        """Make sure that a stack will not fill the disk at once.

        Raises:
            CannotStart: less than 300 MB are free.
        """
        free = shutil.disk_usage(self.path).free
        if free < LEAST_FREE_BYTES:
            raise CannotStart(
                f"Only {free // 1_000_000} MB are free on the disk that holds {self.path}; "
                f"the stack needs {LEAST_FREE_BYTES // 1_000_000} MB."
            )

    def explain(self, problem: str) -> str:
        """Put a full disk, if there is one, before a problem that it has probably caused."""
        if shutil.disk_usage(self.path).free >= FULL_BYTES:
            return problem
        return f"The disk that holds {self.path} is full: free some space on it.\n{problem}"

    def write_run_file(self, description: Mapping[str, object]) -> None:
        """Replace the run file in one step; it holds credentials, so only its owner may read it."""
        write_private(self.run_file, json.dumps(description, indent=2) + "\n")

    def forget(self) -> None:
        """Delete the folder and all that is in it. Forgetting it again changes nothing."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _occupied(self) -> str:
        pid = self.lock_file.read_text(encoding="utf-8").strip() or "unknown"
        try:
            base_url = json.loads(self.run_file.read_text(encoding="utf-8"))["base_url"]
        except (OSError, ValueError, KeyError):
            state = "is still starting or stopping"
        else:
            state = f"serves {base_url}"
        return (
            f"A stack already runs in {self.path}: process {pid} {state}. "
            f"Stop it with Ctrl-C in its terminal or with `kill {pid}`."
        )


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Proof that this process alone uses a home."""

    lock: int

    def release(self) -> None:
        """Let others use the home. Call it once."""
        os.close(self.lock)


def write_private(path: Path, content: str) -> None:
    """Replace a file in one step by one that only its owner may read."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    draft.replace(path)
