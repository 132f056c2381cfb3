"""`make lock`: lock the packages of each set, with hashes, for every Python from 3.11 on."""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from infra.local.home import PROJECT

UV = "uv==0.13.9"
PYTHON_VERSION = "3.11"
OF_BASE = ("-c", "requirements/base.txt")
OF_TEST = (*OF_BASE, "-c", "requirements/test.txt")
# Each set of packages keeps the versions of those before it, so that what is tested is what runs.
SETS = {"pip": (), "base": (), "local": OF_BASE, "test": OF_BASE, "dev": OF_TEST}


def main() -> int:
    """Write the locked files; return the exit status of the first that failed."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        steps = [
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV],
            *(_compile(python, name) for name in SETS),
        ]
        for step in steps:
            status = subprocess.run(step, cwd=PROJECT, check=False).returncode
            if status != 0:
                return status
    print("Locked: " + ", ".join(f"requirements/{name}.txt" for name in SETS))
    return 0


def _compile(python: Path, name: str) -> list[str]:
    return [
        *(str(python), "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--upgrade"),
        *("--universal", "--generate-hashes", "--python-version", PYTHON_VERSION, *SETS[name]),
        *("--output-file", f"requirements/{name}.txt", f"requirements/{name}.in"),
    ]


if __name__ == "__main__":
    sys.exit(main())
