"""Read what arrives: forms with brackets, and the few kinds of values that Stripe knows."""

from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

from infra.simulators.stripe.refusals import Refusal

Form = dict[str, Any]

SMALLEST = {"usd": 50, "eur": 50, "gbp": 30, "cad": 50, "aud": 50, "chf": 50, "jpy": 50}
LARGEST = 99_999_999
THOUSANDTHS = ("bhd", "jod", "kwd", "omr", "tnd")
WHOLE_HUNDREDTHS = ("isk", "ugx")
MOST_METADATA = 50


def read_form(text: str) -> Form:
    """Turn `a[b]=1&c[]=x&d[0]=y` into nested dicts and lists of strings.

    Raises:
        Refusal: a name is used both as a value and as a group.
    """
    root: Form = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        keys = name.replace("]", "").split("[")
        node: Any = root
        for key in keys[:-1]:
            node = node.setdefault(key, {})
            if not isinstance(node, dict):
                raise Refusal(400, f"Invalid parameter: {name}", param=name)
        node[keys[-1] or str(len(node))] = value
    return {name: _lists(value) for name, value in root.items()}


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    found = {name: _lists(value) for name, value in node.items()}
    return list(found.values()) if found and all(name.isdigit() for name in found) else found


def allow_only(form: Form, names: Collection[str]) -> None:
    """Refuse a form with other fields.

    Raises:
        Refusal: naming the first of them.
    """
    for name in form:
        if name not in names:
            raise Refusal(
                400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name
            )


def required(form: Form, name: str) -> str:
    """Give a text that must be there.

    Raises:
        Refusal: it is missing.
    """
    value = form.get(name)
    if not value:
        raise Refusal(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
    return str(value)


def whole_number(form: Form, name: str, default: int) -> int:
    """Give a number that may be missing.

    Raises:
        Refusal: it is no whole number.
    """
    text = form.get(name)
    if text is None:
        return default
    try:
        return int(str(text))
    except ValueError:
        raise Refusal(
            400, f"Invalid integer: {text}", code="parameter_invalid_integer", param=name
        ) from None


def flag(form: Form, name: str) -> bool:
    """Give a yes or no; missing means no.

    Raises:
        Refusal: it is neither.
    """
    text = form.get(name, "false")
    if text not in ("true", "false"):
        raise Refusal(400, f"Invalid boolean: {text}", param=name)
    return bool(text == "true")


def expansions(form: Form) -> tuple[str, ...]:
    """Give what an answer is to contain whole; `data.` of lists is left away."""
    names = form.get("expand", [])
    return tuple(str(name).removeprefix("data.") for name in names)


def metadata(form: Form) -> dict[str, str]:
    """Give the notes of the caller.

    Raises:
        Refusal: there are too many, or they are no plain texts.
    """
    found = form.get("metadata", {})
    is_plain = isinstance(found, dict) and all(isinstance(one, str) for one in found.values())
    if not is_plain or len(found) > MOST_METADATA:
        raise Refusal(400, "Invalid metadata.", param="metadata")
    return dict(found)


def payable_amount(form: Form, currency: str) -> int:
    """Give the amount to pay, in Stripe's units.

    Raises:
        Refusal: it is missing, out of bounds, or has decimals that the currency does not take.
    """
    required(form, "amount")
    amount = whole_number(form, "amount", 0)
    if amount < 1:
        raise Refusal(
            400,
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    if amount < SMALLEST.get(currency, 1):
        raise Refusal(
            400,
            "Amount must convert to at least 50 cents.",
            code="amount_too_small",
            param="amount",
        )
    if amount > LARGEST:
        raise Refusal(
            400,
            "Amount must be no more than 999,999.99.",
            code="amount_too_large",
            param="amount",
        )
    step = 100 if currency in WHOLE_HUNDREDTHS else 10 if currency in THOUSANDTHS else 1
    if amount % step:
        raise Refusal(400, f"Invalid {currency} amount: {amount}", param="amount")
    return amount
