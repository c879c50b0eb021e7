"""Charts of what a request costs: bytes on the wire and at rest, and CPU time."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from dauexp.report.frames import Frames, contenders
from dauexp.report.plots.parts import NUMBER, WIDTH, colour, contenders_axis, finished
from dauexp.report.render import Chart

STAGES = {"emit_cpu_seconds": "emission", "collect_cpu_seconds": "collection"}
"""The stages whose CPU time belongs to an option; the channel is the experiment's own."""

STAGE_COLOURS = ["#7b68c8", "#3f8f8f"]


def wire(run: Frames) -> Chart:
    """Bytes on the wire for each request, by contender."""
    totals = run["cost"].groupby("contender")[["wire_bytes", "requests"]].sum()
    return _bytes(
        run,
        totals["wire_bytes"] / totals["requests"],
        "Bytes on the wire for each request",
        "lines or packets, without the transport's headers",
    )


def rest(run: Frames) -> Chart:
    """Bytes at rest for each request, by contender."""
    kept = run["storage"].groupby("contender")["bytes"].sum()
    return _bytes(
        run,
        kept / run["cost"].groupby("contender")["requests"].sum(),
        "Bytes at rest for each request",
        "compressed Parquet files of all tables that are kept, for all options alike",
    )


def _bytes(run: Frames, each: pd.Series[Any], title: str, subtitle: str) -> Chart:
    """Bars of bytes a request, given by contender."""
    who = contenders(run)
    totals = each.rename("each").reset_index()
    base = alt.Chart(totals).encode(
        y=contenders_axis(who),
        x=alt.X(
            "each:Q",
            title="bytes a request",
            axis=alt.Axis(format=NUMBER, tickCount=6),
            scale=alt.Scale(domain=[0, float(each.max()) * 1.15], nice=False),
        ),
        tooltip=["contender:N", alt.Tooltip("each:Q", title="bytes a request", format=",.1f")],
    )
    bars = base.mark_bar().encode(color=colour(who).legend(None))
    words = base.mark_text(align="left", dx=4).encode(text=alt.Text("each:Q", format=",.0f"))
    told = ", ".join(f"{row.contender} {row.each:,.0f}" for row in totals.itertuples())
    return finished(
        bars + words,
        title,
        f"Bars of bytes a request: {told}.",
        subtitle=subtitle,
        width=WIDTH - 40,
        height=alt.Step(24),
    )


def cpu(run: Frames) -> Chart:
    """CPU time for each request in emission and collection, by contender."""
    totals = run["cost"].groupby("contender")[[*STAGES, "requests"]].sum().reset_index()
    long = totals.melt(["contender", "requests"], list(STAGES), "stage", "seconds")
    long["each"] = 1e6 * long["seconds"] / long["requests"]
    names = list(STAGES.values())
    long["stage"] = long["stage"].map(STAGES)
    long["order"] = long["stage"].map(names.index)
    told = ", ".join(f"{row.contender} {row.stage} {row.each:,.1f}" for row in long.itertuples())
    bars = alt.Chart(long[["contender", "stage", "order", "each"]]).mark_bar()
    each = alt.Tooltip("each:Q", title="microseconds a request", format=",.2f")
    return finished(
        bars.encode(
            y=contenders_axis(contenders(run)),
            x=alt.X("each:Q", title="CPU microseconds a request", axis=alt.Axis(tickCount=6)),
            color=alt.Color(
                "stage:N",
                title=None,
                legend=alt.Legend(orient="top"),
                scale=alt.Scale(domain=names, range=STAGE_COLOURS),
            ),
            order=alt.Order("order:Q"),
            tooltip=["contender:N", "stage:N", each],
        ),
        "CPU time for each request",
        f"Stacked bars of CPU microseconds a request: {told}.",
        subtitle="as this package emits and collects, on the machine of the run",
        width=WIDTH - 40,
        height=alt.Step(24),
    )
