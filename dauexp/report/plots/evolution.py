"""Charts of what a change of the metrics costs each option, and of what it breaks."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import pandas as pd

from dauexp.report.frames import Frames, contenders
from dauexp.report.plots.parts import WIDTH, contenders_axis, finished, panel
from dauexp.report.render import Chart

PARTS: Final = {
    "registry_lines_changed": ("registry", "#3f8f8f"),
    "code_lines_changed": ("code", "#7b68c8"),
    "query_lines_changed": ("queries", "#c264a3"),
    "generated_lines_changed": ("generated", "#8a8f94"),
}
"""What lines are changed of, each with its name and colour; those of the effort."""

SHARES: Final = {
    "accepted_share": "accepted",
    "filled_share": "filled",
    "old_queries_right": "old queries right",
    "new_queries_right": "new queries right",
    "history_readable": "history readable",
    "old_reader_accepted_share": "old reader accepts",
    "mixed_accepted_share": "accepted while mixed",
    "mixed_queries_right": "right while mixed",
}
"""What should be all of it, and is told where it is not."""


def evolution(run: Frames) -> Chart:
    """Lines to be changed by option and part, a panel a change; what falls short is told beside."""
    rows = run["evolution"].assign(short=[_short(row) for row in _rows(run["evolution"])])
    who = contenders(run)
    who = who[who["contender"].isin(rows["contender"])]
    most = float(rows[list(PARTS)].sum(axis=1).max())
    changes = list(dict.fromkeys(rows["change"]))
    panels = [
        panel(
            _bars(rows[rows["change"] == change], who, most, last=change == changes[-1]),
            change.replace("_", " "),
            width=WIDTH - 40,
            height=alt.Step(19),
        )
        for change in changes
    ]
    told = "; ".join(
        f"{row['change'].replace('_', ' ')}, {row['contender']}: "
        f"{sum(row[part] for part in PARTS)} lines{', ' * bool(row['short'])}{row['short']}"
        for row in _rows(rows)
    )
    return finished(
        alt.vconcat(*panels, spacing=10).resolve_scale(color="shared"),
        "What a change of the metrics costs, and what it breaks",
        f"Stacked bars of changed lines: {told}.",
        subtitle="lines changed by hand and generated anew; in words what is not 100 %",
    )


def _bars(rows: pd.DataFrame, who: pd.DataFrame, most: float, *, last: bool) -> Any:
    names = {part: name for part, (name, _) in PARTS.items()}
    long = rows.melt(["contender", "short"], list(PARTS), "part", "lines")
    long["order"] = long["part"].map(list(PARTS).index)
    long["part"] = long["part"].map(names)
    axis = alt.Axis(tickCount=6) if last else alt.Axis(tickCount=6, labels=False, ticks=False)
    x = alt.X(
        "lines:Q",
        title="lines changed" if last else "",
        axis=axis,
        scale=alt.Scale(domain=[0, most * 1.28], nice=False),
    )
    scale = alt.Scale(domain=list(names.values()), range=[colour for _, colour in PARTS.values()])
    bars = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            y=contenders_axis(who),
            x=x,
            color=alt.Color("part:N", title=None, scale=scale, legend=alt.Legend(orient="top")),
            order=alt.Order("order:Q"),
            tooltip=[
                "contender:N",
                "part:N",
                "lines:Q",
                alt.Tooltip("short:N", title="short of all"),
            ],
        )
    )
    ends = rows.assign(lines=rows[list(PARTS)].sum(axis=1))[["contender", "short", "lines"]]
    text = alt.Chart(ends).mark_text(align="left", dx=5, fontSize=11)
    words = text.encode(y=contenders_axis(who), x=x, text="short:N")
    return bars + words


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _short(row: dict[str, Any]) -> str:
    """The shares that are not all of it, in words."""
    return ", ".join(
        f"{name} {100 * row[share]:.0f} %"
        for share, name in SHARES.items()
        if not pd.isna(row[share]) and row[share] < 1
    )
