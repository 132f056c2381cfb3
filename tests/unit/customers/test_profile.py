"""What we keep of a customer."""

from typing import Any

import pytest

from apps.customers.domain.profile import Profile
from apps.customers.domain.refusals import InvalidProfile


def profile(**changes: Any) -> Profile:
    return Profile.build(
        **{
            "name": "Ada Example",
            "email": "ada@example.com",
            "phone": "",
            "locale": "en",
            "region": "local",
            "wants_email": True,
            "wants_sms": False,
            **changes,
        }
    )


class TestProfile:
    def test_is_tidied_up(self) -> None:
        tidy = profile(
            name="  Ada \u00a0 Example ", email=" Ada@Example.com ", phone="+49 (0)30-1234 5"
        )
        assert (tidy.name, tidy.email, tidy.phone) == (
            "Ada Example",
            "Ada@Example.com",
            "+493012345",
        )

    def test_is_equal_when_built_again_from_itself(self) -> None:
        once = profile(name=" Zoe\u0308  Example", phone="+49 30 12345")
        again = Profile.build(
            name=once.name,
            email=once.email,
            phone=once.phone,
            locale=once.locale,
            region=once.region,
            wants_email=once.wants_email,
            wants_sms=once.wants_sms,
        )
        assert again == once
        assert once.name == "Zo\u00eb Example"

    @pytest.mark.parametrize(
        "email",
        [
            "ada@example.com",
            "ada.lovelace+shop@mail.example.co.uk",
            "o'hara@example.com",
            "ada@münchen.example",
            "a@b.cd",
            f"{'x' * 64}@example.com",
        ],
    )
    def test_takes_an_address_that_mail_can_go_to(self, email: str) -> None:
        assert profile(email=email).email == email

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "ada@example..com",
            "ada@-example.com",
            "ada@example-.com",
            ".ada@example.com",
            "a..da@example.com",
            "ada@exa mple.com",
            "ada @example.com",
            "ada@example.com\nBcc: eve@example.com",
            "Ada <ada@example.com>",
            "ada@example.com,eve@example.com",
            "ädä@example.com",
            f"{'x' * 65}@example.com",
            f"ada@{'x' * 64}.com",
            f"ada@{'x.' * 125}com",
        ],
    )
    def test_refuses_an_address_that_mail_cannot_go_to(self, email: str) -> None:
        with pytest.raises(InvalidProfile) as refused:
            profile(email=email)
        assert refused.value.context == {"pointer": "/email"}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "   "),
            ("name", "x" * 101),
            ("name", "Ada\nExample"),
            ("phone", "030 12345"),
            ("phone", "+49 30 CALL ME"),
            ("phone", "+1234"),
            ("phone", "+1234567890123456"),
            ("locale", "fr"),
            ("locale", "EN"),
            ("region", ""),
            ("region", "EU West"),
            ("region", "x" * 33),
        ],
    )
    def test_names_the_part_at_fault(self, field: str, value: str) -> None:
        with pytest.raises(InvalidProfile) as refused:
            profile(**{field: value})
        assert refused.value.context == {"pointer": f"/{field}"}

    def test_says_what_changed(self) -> None:
        before = profile()
        assert profile().changed_fields(before) == []
        assert profile(locale="de", wants_sms=True).changed_fields(before) == [
            "locale",
            "wants_sms",
        ]
