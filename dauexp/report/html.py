"""What every page has: a look, a policy of security, charts that are live and tables that sort.

A page is one file that needs nothing else, and nothing from a network. No script runs but the one
in it, which the page's own security policy names by its digest, so text from a run cannot run as
code. Charts are drawn as SVG in the file; the script makes them live.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import Any

import vl_convert

from dauexp.report import style
from dauexp.report.render import Chart, spec, svg
from dauexp.report.templating import environment, text_of


def rendered(template: str, **values: Any) -> str:
    """A page from a template that extends `base.html.jinja`. The same values give the same text."""
    text = (
        environment()
        .get_template(template)
        .render(
            picture=_picture,
            specification=_specification,
            config=_json(style.config(style.PAGE_INK, None)),
            stylesheet=text_of("page.css"),
            script=_script(),
            policy=_policy(_script()),
            **values,
        )
    )
    return text.lstrip()


@cache
def _script() -> str:
    """The script of every page, with Vega-Embed and all that it needs."""
    bundle: str = vl_convert.javascript_bundle(text_of("page.js"))
    return bundle.replace("</script", "<\\/script")


def _policy(script: str) -> str:
    """The content security policy: this script, styles and pictures in the page, nothing else."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _picture(chart: Chart) -> str:
    """The chart as SVG in the page's own ink, for print and where no script runs."""
    return svg(chart, ink=style.PAGE_INK, paper=None)


def _specification(chart: Chart) -> str:
    """The chart as Vega-Lite in JSON."""
    return _json(spec(chart))


def _json(value: object) -> str:
    """JSON that cannot end the element that it stands in."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return text.replace("<", "\\u003c")
