"""How the simulators' pages look."""

from html import escape

from infra.simulators.http_server import Response

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #888; --accent: #3558d4 }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } a { color: var(--accent) } code { font-size: .9em }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .45rem .6rem; border-bottom: 1px solid var(--line) }
th, .quiet { color: var(--quiet); font-weight: normal } td.time { white-space: nowrap }
form { display: inline-block; margin: .2rem .4rem .2rem 0 }
input, button { font: inherit; padding: .4rem .8rem; border: 1px solid var(--line);
  border-radius: .4rem }
button.yes { background: var(--accent); color: #fff; border-color: var(--accent) }
.amount { font-size: 2rem; margin: .5rem 0 }
pre { white-space: pre-wrap; border: 1px solid var(--line); border-radius: .4rem; padding: 1rem }
iframe { width: 100%; height: 34rem; border: 1px solid var(--line); border-radius: .4rem;
  background: #fff }
"""
# No script, nothing from elsewhere; the pages may show their own frames and send their own forms.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'"


def page(title: str, content: str, *, status: int = 200) -> Response:
    """Make a page; `content` is HTML in which everything foreign has been escaped."""
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1>{content}</html>"
    )
    return Response(
        status=status,
        body=text.encode(),
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"},
    )
