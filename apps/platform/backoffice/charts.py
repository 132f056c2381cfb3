"""Bars and columns: what a chart is made of, as plain values for the templates."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.platform.backoffice.formatting import Tone

COLOURS = ("#2563eb", "#f59e0b", "#14b8a6", "#a855f7")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One horizontal bar; `percent` of the longest one, `text` what it stands for."""

    label: str
    text: str
    percent: float
    tone: Tone = Tone.INFO
    url: str = ""


def bars(
    values: Mapping[str, float],
    *,
    texts: Mapping[str, str],
    tones: Mapping[str, Tone],
    urls: Mapping[str, str] | None = None,
    full: float = 0.0,
) -> list[Bar]:
    """Draw one bar for each value, in the order given.

    The longest fills the width, unless it is shorter than `full`: nothing looks alarming merely
    for being the largest.
    """
    longest = max([full, *values.values()], default=0.0)
    return [
        Bar(
            label=label,
            text=texts.get(label, f"{value:g}"),
            percent=round(100 * value / longest, 1) if longest else 0.0,
            tone=tones.get(label, Tone.INFO),
            url=(urls or {}).get(label, ""),
        )
        for label, value in values.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A chart of upright bars over time; both parts are JSON as Chart.js takes it."""

    data: str
    options: str


def columns(labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> Columns:
    """Draw a bar for each label and series, each series in a colour of its own."""
    return Columns(
        data=json.dumps(
            {
                "labels": list(labels),
                "datasets": [
                    {
                        "label": name,
                        "data": list(values),
                        "backgroundColor": COLOURS[position % len(COLOURS)],
                        "borderRadius": 2,
                        "maxBarThickness": 14,
                    }
                    for position, (name, values) in enumerate(series.items())
                ],
            }
        ),
        options=json.dumps({**_OPTIONS, "plugins": {"legend": _legend(is_shown=len(series) > 1)}}),
    )


_OPTIONS = {
    "animation": False,
    "responsive": True,
    "maintainAspectRatio": False,
    "interaction": {"mode": "index", "intersect": False},
    "scales": {
        "x": {
            "grid": {"display": False},
            "ticks": {"color": "#9ca3af", "maxTicksLimit": 12, "maxRotation": 0},
        },
        "y": {
            "beginAtZero": True,
            "border": {"display": False},
            "grid": {"lineWidth": 1},
            "ticks": {"color": "#9ca3af", "maxTicksLimit": 6, "precision": 0},
        },
    },
}


def _legend(*, is_shown: bool) -> dict[str, object]:
    labels = {"boxHeight": 8, "boxWidth": 8, "color": "#9ca3af"}
    return {"display": is_shown, "align": "end", "labels": labels}
