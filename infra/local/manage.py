"""`make manage ARGS="…"`: a management command, run against the platform of this checkout."""

import json
import os
import sys
from typing import cast
from urllib.parse import urlsplit

import psutil

from infra.local.credentials import credentials_in
from infra.local.description import Run
from infra.local.environment import stack_environment
from infra.local.failure import CannotStart
from infra.local.home import Home
from infra.local.providers import bases_of
from infra.local.run import chosen_home
from manage import main as run_command


def main(arguments: list[str]) -> None:
    """Run the command with the settings of the running platform; without one there is exit code 2."""
    home = Home(path=chosen_home())
    try:
        run: Run | None = cast(Run, json.loads(home.run_file.read_text(encoding="utf-8")))
    except OSError:
        run = None
    # A launcher that was killed leaves its description behind, and nothing else.
    if run is None or not psutil.pid_exists(run["pids"]["launcher"]):
        sys.exit(_refusal("The platform does not run here: start it with `make run` first."))
    try:
        environment = stack_environment(
            given=os.environ,
            home=home.path,
            credentials=credentials_in(home.path / "secrets"),
            services={
                "DATABASE_URL": run["database_url"],
                "REDIS_URL": run["redis_url"],
                "CELERY_BROKER_URL": run["broker_url"],
            },
            web_port=urlsplit(run["base_url"]).port or 0,
            simulators_port=urlsplit(run["simulators_url"]).port or 0,
        )
    except CannotStart as error:
        sys.exit(_refusal(str(error)))
    if bases_of(environment) != run["providers"]:
        # A command must not ask a simulator about money that is at the provider, nor the other way.
        sys.exit(_refusal("Set the variables of payment providers as they were for `make run`."))
    os.environ.update(environment)
    # This process is somebody else's child, and its metrics are nobody's.
    for name in ("OMS_DIE_WITH_PARENT", "PROMETHEUS_MULTIPROC_DIR"):
        del os.environ[name]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    run_command(arguments)


def _refusal(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    main(sys.argv[1:])
