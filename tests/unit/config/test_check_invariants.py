"""What the command that checks the invariants takes for a mistake of who calls it."""

import pytest
from django.core.management import load_command_class


class TestCheckInvariants:
    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["--since", "yesterday"], "'yesterday' is no time"),
            (["--since", "2026-11-22T08:00"], "has no time zone"),
            (["--stuck-after", "0"], "0 is not between 0 and 1,000,000"),
            (["--time-limit", "nan"], "nan is not between 0 and 1,000,000"),
            (["--only", "all_is_well"], "There is no invariant all_is_well."),
        ],
    )
    def test_ends_with_2_when_asked_wrongly(
        self, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        command = load_command_class("config", "check_invariants")
        with pytest.raises(SystemExit) as ended:
            command.run_from_argv(["manage.py", "check_invariants", *arguments])
        assert ended.value.code == 2
        printed, said = capsys.readouterr()
        assert complaint in said
        assert printed == ""
