"""Questions before a deed: what will happen, why it is wanted, and a button to confirm it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django import forms
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, QueryDict
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.platform.backoffice.panels import Panel
from apps.platform.cards.numbers import contains_card_data

LONGEST_REASON = 500


class WithoutCards(forms.BaseForm):
    """Refuses a card number or security code in any text: it must not get into any table or log."""

    def clean(self) -> dict[str, Any] | None:
        """Look into every text as it was typed, and do not show again what was found."""
        for name in self.fields:
            typed = self.data.get(self.add_prefix(name))
            if isinstance(typed, str) and contains_card_data(typed.encode("utf-8", "replace")):
                self.add_error(name, "This holds a card number or security code; leave it out.")
                shown = cast(QueryDict, self.data).copy()
                shown[self.add_prefix(name)] = ""
                self.data = shown
        cleaned: dict[str, Any] | None = super().clean()
        return cleaned


class ReasonForm(WithoutCards, forms.Form):
    """Asks why; the answer stays in the audit log."""

    reason = forms.CharField(
        label="Reason, in words",
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Kept in the audit log.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the person is asked.

    Attributes:
        title: the deed, such as `Cancel order 7KQ3-M2XP-C`.
        explanation: what will happen, and whether it can be taken back.
        submit: what the button says.
        back: where to go instead.
        panel: what the deed is about.
        is_dangerous: whether it cannot be taken back.
        hidden: fields to send along with the answer.
    """

    title: str
    explanation: str
    submit: str
    back: str
    panel: Panel | None = None
    is_dangerous: bool = False
    hidden: Mapping[str, Sequence[str]] = field(default_factory=dict)


def ask(
    request: HttpRequest, admin: "ModelAdmin[Any]", *, question: Question, form: forms.Form
) -> TemplateResponse:
    """Show the question; the form is sent back to the same address."""
    return TemplateResponse(
        request,
        "backoffice/ask.html",
        {
            **admin.admin_site.each_context(request),
            "opts": admin.model._meta,
            "title": question.title,
            "question": question,
            "form": form,
        },
    )
