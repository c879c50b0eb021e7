"""Charts of what a request costs: bytes on the wire and CPU time."""

from __future__ import annotations

import altair as alt

from dauexp.report.frames import Frames, contenders
from dauexp.report.plots.parts import NUMBER, WIDTH, colour, contenders_axis, finished
from dauexp.report.render import Chart

STAGES = {"emit_cpu_seconds": "emission", "collect_cpu_seconds": "collection"}
"""The stages whose CPU time belongs to an option; the channel is the experiment's own."""

STAGE_COLOURS = ["#7b68c8", "#3f8f8f"]


def wire(run: Frames) -> Chart:
    """Bytes on the wire for each request, by contender."""
    who = contenders(run)
    totals = run["cost"].groupby("contender")[["wire_bytes", "requests"]].sum().reset_index()
    totals["each"] = totals["wire_bytes"] / totals["requests"]
    most = float(totals["each"].max())
    base = alt.Chart(totals[["contender", "each"]]).encode(
        y=contenders_axis(who),
        x=alt.X(
            "each:Q",
            title="bytes a request",
            axis=alt.Axis(format=NUMBER, tickCount=6),
            scale=alt.Scale(domain=[0, most * 1.15], nice=False),
        ),
        tooltip=["contender:N", alt.Tooltip("each:Q", title="bytes a request", format=",.1f")],
    )
    bars = base.mark_bar().encode(color=colour(who).legend(None))
    words = base.mark_text(align="left", dx=4).encode(text=alt.Text("each:Q", format=",.0f"))
    told = ", ".join(f"{row.contender} {row.each:,.0f}" for row in totals.itertuples())
    return finished(
        bars + words,
        "Bytes on the wire for each request",
        f"Bars of bytes a request: {told}.",
        subtitle="lines or packets, without the transport's headers",
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
