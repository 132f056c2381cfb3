"""Make the virtual environment that everything else runs in: `bootstrap.py local`, `test` or `dev`.

Needs the standard library alone, and parses under old Pythons so that it can refuse them in words.
Instant when the environment already holds what the requirements file locks; safe when run twice at
once: the second waits for the first.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

LEAST_VERSION = (3, 11)
KNOWN_VERSIONS = ("3.14", "3.13", "3.12", "3.11")
PROJECT = Path(__file__).resolve().parent.parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
LOCK = VENV / ".lock"
LEAST_FREE_BYTES = 700_000_000
TAIL_LINES = 15
LABELS = {
    "local": "Python packages",
    "test": "Python packages for tests",
    "dev": "Python packages for development",
}
# A set is also satisfied by one that contains it.
SATISFIED_BY = {"local": ("local", "test", "dev"), "test": ("test", "dev"), "dev": ("dev",)}
OWN_CODE = ("apps", "config", "infra")
# Another Python has to be this much faster to be taken instead of the one that was called.
WORTHWHILE = 0.9
TRIAL_SECONDS = 5
# Says how long a Python takes for work like ours, if an environment for our packages can be made with it.
TRIAL = """
import ensurepip, ssl, sys, time, venv

assert sys.implementation.name == "cpython"

class Line:
    def __init__(self, quantity):
        self.quantity = quantity

    def total(self, price):
        return str(self.quantity * price)

def seconds():
    started = time.perf_counter()
    totals = {}
    for number in range(20000):
        totals[Line(number).total(3)] = number
    return time.perf_counter() - started

print(min(seconds() for _ in range(10)))
"""


def main(wanted: str) -> None:
    """Install the wanted set of requirements unless it, or one that contains it, is there; compile our code."""
    use_a_python_that_is_new_enough()
    if not is_installed(wanted):
        install_alone(wanted)
    compile_own_code()


def install_alone(wanted: str) -> None:
    """Install while nobody else does, and tell how long it takes."""
    if VENV.is_symlink():
        # What it leads to is somebody else's, and would be emptied.
        sys.exit(f"{VENV} is a link to another environment: remove it first.")
    VENV.mkdir(exist_ok=True)
    free = shutil.disk_usage(VENV).free
    if free < LEAST_FREE_BYTES:
        sys.exit(
            f"Only {free // 1_000_000} MB are free on the disk that holds {PROJECT}; "
            f"the Python packages need {LEAST_FREE_BYTES // 1_000_000} MB."
        )
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_installed(wanted):
            started = time.monotonic()
            if sys.stdout.isatty():
                print(f"  … {LABELS[wanted]}, about half a minute", end="\r", flush=True)
            install(wanted)
            print(f"  ✓ {LABELS[wanted]:<40} {time.monotonic() - started:>6.1f} s", flush=True)


def compile_own_code() -> None:
    """Compile what has changed, as pip does with the packages: a third of a process's start without it.

    Python does so by itself, unless PYTHONDONTWRITEBYTECODE is set, as on many machines of today. Where
    nothing can be written, nothing is.
    """
    folders = [str(PROJECT / name) for name in OWN_CODE]
    subprocess.run([str(PYTHON), "-m", "compileall", "-qq", *folders], check=False)


def use_a_python_that_is_new_enough() -> None:
    """Go on in this Python, or in a newer one that is installed beside it, or not at all."""
    if sys.version_info >= LEAST_VERSION:
        return
    for version in KNOWN_VERSIONS:
        found = shutil.which("python" + version)
        if found:
            os.execv(found, [found, *sys.argv])
    sys.exit(
        f"Python 3.11 or newer is needed and python3 is {sys.version_info[0]}."
        f"{sys.version_info[1]}: install a newer one, or name it with "
        "`make PYTHON=/path/to/python3`."
    )


def fastest_python() -> str:
    """Choose the Python to make the environment of: the one that was called, or a faster twin of it.

    As `configure` makes it unasked, and with it pyenv, CPython lacks the optimisation that the packages
    of distributions and the images of containers have, and takes a sixth longer for the same order. So
    the same minor version is looked for on the PATH, unless the caller named one with PYTHON.
    """
    called = sys.executable
    if os.environ.get("PYTHON"):
        return called
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    folders = os.environ.get("PATH", "").split(os.pathsep)
    found = [shutil.which(name, path=folder) for folder in folders]
    # One under several names is tried once.
    pythons = {os.path.realpath(python): python for python in [*filter(None, found[::-1]), called]}
    if len(pythons) == 1:
        return called
    took = {python: trial_seconds(python) for python in pythons.values()}
    for python, seconds in took.items():
        if seconds < float("inf"):
            # Once more, since the machine may have been busy.
            took[python] = min(seconds, trial_seconds(python))
    best = min(took, key=lambda python: took[python])
    if took[best] >= WORTHWHILE * took[called]:
        return called
    print(f"  ✓ The environment is made with {best}", flush=True)
    return best


def trial_seconds(python: str) -> float:
    """Say how long a Python takes for a little work, or infinity if no environment can be made with it."""
    command = [python, "-I", "-c", TRIAL]
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TRIAL_SECONDS,
            check=False,
        )
        return float(answer.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return float("inf")


def is_installed(wanted: str) -> bool:
    """Say whether the environment was completed for this place and for the locks as they are."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    return (
        stamp.get("venv") == str(VENV)
        and os.access(PYTHON, os.X_OK)
        and any(stamp.get(name) == fingerprint(name) for name in SATISFIED_BY[wanted])
    )


def fingerprint(wanted: str) -> str:
    """Hash the locked requirements of a set."""
    return hashlib.sha256(requirements(wanted).read_bytes()).hexdigest()


def requirements(wanted: str) -> Path:
    """Name the file that locks a set."""
    return PROJECT / "requirements" / (wanted + ".txt")


def install(wanted: str) -> None:
    """Create the environment if it is missing or broken, fill it, and stamp it when complete."""
    if not pip_works():
        empty_the_environment()
        quietly(
            "python3 cannot make virtual environments: install its venv module "
            "(on Debian: apt-get install python3-venv).",
            *(fastest_python(), "-m", "venv", str(VENV)),
        )
        # The pip that came with Python 3.11 takes twice as long for the packages for development.
        fill_from("pip")
    fill_from(wanted)
    stamp = {"venv": str(VENV), wanted: fingerprint(wanted)}
    draft = STAMP.with_name("installed.json.new")
    draft.write_text(json.dumps(stamp))
    draft.replace(STAMP)


def fill_from(locked: str) -> None:
    """Install what a requirements file locks, and nothing else."""
    quietly(
        "The Python packages could not be installed.",
        *(str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--no-deps"),
        *("--disable-pip-version-check", "--require-hashes", "-r", str(requirements(locked))),
    )


def pip_works() -> bool:
    """Say whether the environment is whole enough to install into, and made for this place."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        stamp = {}
    if stamp.get("venv", str(VENV)) != str(VENV) or not os.access(PYTHON, os.X_OK):
        return False
    command = [str(PYTHON), "-m", "pip", "--version"]
    answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return answer.returncode == 0


def empty_the_environment() -> None:
    """Delete what is left of an environment, but not the lock that we hold."""
    for path in VENV.iterdir():
        if path == LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def quietly(sentence: str, *command: str) -> None:
    """Run a command that should have nothing to say; when it fails, say the sentence and why."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        tail = done.stdout.strip().splitlines()[-TAIL_LINES:]
        sys.exit("\n".join([sentence] + ["  " + line for line in tail]))


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"The virtual environment {VENV} cannot be made: {error.strerror}.")
