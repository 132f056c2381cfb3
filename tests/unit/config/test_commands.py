"""Our management commands: where they are found, and how they refuse what they were asked wrongly."""

import pytest
from django.core.management import get_commands, load_command_class

from apps.platform.commands import PlatformCommand

OURS = [name for name, app in get_commands().items() if app.startswith(("apps.", "config"))]


def test_are_found_in_the_contexts_the_platform_and_the_composition_root() -> None:
    assert {"reconcile_payments", "drain_events", "seed_demo"} <= set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_say_in_one_line_what_they_were_asked_wrongly(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = load_command_class(get_commands()[name], name)
    with pytest.raises(SystemExit) as ended:
        command.run_from_argv(["manage.py", name, "--nonsense"])
    assert ended.value.code == 2
    printed, said = capsys.readouterr()
    assert (printed, len(said.strip().splitlines())) == ("", 1)


def test_are_all_guarded() -> None:
    commands = [load_command_class(get_commands()[name], name) for name in OURS]
    assert len(commands) > 8
    assert all(isinstance(command, PlatformCommand) for command in commands)
