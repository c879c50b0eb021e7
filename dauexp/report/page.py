"""The page: the report as one HTML file that needs nothing else, and nothing from a network.

No script runs but the one in it, which the page's own security policy names by its digest, so text
from a run cannot run as code. Charts are drawn as SVG in the file; the script makes them live.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache

import vl_convert
from markdown_it import MarkdownIt

from dauexp.report import style
from dauexp.report.appendix import prose
from dauexp.report.content import Content, shown
from dauexp.report.figures import Figure
from dauexp.report.render import spec, svg
from dauexp.report.templating import environment, text_of

_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def page(content: Content) -> str:
    """The page. The same content gives the same text."""
    template = environment().get_template("report.html.jinja")
    text = template.render(
        report=content,
        prose=lambda name: _MARKDOWN.render(prose(content, name)),
        shown=shown,
        inline=_MARKDOWN.renderInline,
        picture=_picture,
        chart=_chart,
        config=_json(style.config(style.PAGE_INK, None)),
        stylesheet=text_of("page.css"),
        script=_script(),
        policy=_policy(_script()),
        classes={"supported": "yes", "refuted": "no", "mixed": "part", "open": "open"},
    )
    return text.lstrip()


@cache
def _script() -> str:
    """The page's script, with Vega-Embed and all that it needs."""
    bundle: str = vl_convert.javascript_bundle(text_of("page.js"))
    return bundle.replace("</script", "<\\/script")


def _policy(script: str) -> str:
    """The content security policy: this script, styles and pictures in the page, nothing else."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _picture(figure: Figure) -> str:
    """The chart as SVG in the page's own ink, for print and where no script runs."""
    return svg(figure.chart, ink=style.PAGE_INK, paper=None)


def _chart(figure: Figure) -> str:
    """The chart as Vega-Lite in JSON."""
    return _json(spec(figure.chart))


def _json(value: object) -> str:
    """JSON that cannot end the element that it stands in."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return text.replace("<", "\\u003c")
