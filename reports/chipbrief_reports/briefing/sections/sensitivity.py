"""Which inputs matter: each one moved alone, and the prices at which the answer turns."""

from __future__ import annotations

import numpy as np

from chipbrief.evaluate import Outcome, TornadoBar
from chipbrief.evaluate.case import Case, Setting, figures_of
from chipbrief.evaluate.ranges import tornado
from chipbrief_reports.briefing.breakeven import breakeven_price_usd
from chipbrief_reports.briefing.desk import Desk, absent, cell
from chipbrief_reports.briefing.document import Block, Cell, Chart, Column, Paragraph, Row, Section, Table, text
from chipbrief_reports.charts import tornado_chart
from chipbrief_reports.wording import midsentence, money, number, percent

__all__ = ["sensitivity", "spoken", "tornado_bars"]

BARS = 6


def sensitivity(desk: Desk) -> Section:
    """The tornado of the leading class on each system in focus that serves it, and break-even prices."""
    served = [o for o in desk.outcomes(desk.leading) if o.metrics and o.hardware in desk.focus]
    drawn = [(o, tornado_bars(desk, o)) for o in served]
    blocks: list[Block] = [_chart(desk, o, bars) for o, bars in drawn if bars]
    if not blocks:
        blocks.append(Paragraph(text("No system in focus serves the leading class.")))
    blocks.append(_turns(desk))
    title = "No input has a range"
    widest = max((bars[0] for _, bars in drawn if bars), key=lambda bar: bar.swing, default=None)
    if widest:
        name = spoken(widest.figure)
        title = f"{name[0].upper()}{name[1:]} moves the cost most"
    return Section("sensitivity", "Sensitivity", title, tuple(blocks))


def tornado_bars(desk: Desk, o: Outcome) -> list[TornadoBar]:
    """The inputs that move the cost at capacity of an outcome most, utilisation held; largest swing first."""
    results, hardware = desk.results, desk.results.system(o.hardware)
    plain = Setting.plain(hardware, results.terms)
    case = Case(results.wanted(o.class_id), results.catalogue[o.model], plain, plain)
    deployment, batch = o.deployment, o["batch_at_capacity"].value
    assert deployment is not None
    candidates = {n: f for n, f in figures_of(hardware, results.terms).items() if n != "finance:utilisation"}
    bars = tornado(
        candidates,
        lambda values: case.usd_mtok(Setting.moved(hardware, results.terms, values), deployment, batch),
    )
    return [bar for bar in bars[:BARS] if bar.swing > 0]


def _chart(desk: Desk, o: Outcome, bars: list[TornadoBar]) -> Chart:
    figures = desk.results.figures()
    base = o["usd_mtok_capacity"].value
    rows = []
    for bar in bars:
        figure = figures[bar.figure][0]
        ends = f"{figure.text(figure.lowest)} – {figure.text(figure.highest)}"
        rows.append((_of_whom(desk, o, bar.figure), bar.low, bar.high, ends))
    share = bars[0].swing / base
    return Chart(
        f"tornado-{o.hardware}",
        f"{desk.name(o.hardware)}: {spoken(bars[0].figure)} swings the cost by {percent(share)} of its value",
        f"$/Mtok at capacity, {midsentence(desk.label(o.class_id))}, one input at a time between the ends of its range; base {number(base)}",
        tornado_chart(rows, base=base, axis="$/Mtok"),
        "Tornado. " + " ".join(f"{name}: {number(low)} to {number(high)}." for name, low, high, _ in rows),
        text(
            "Utilisation is held: cost at capacity is inversely proportional to it",
            desk.notes.cite("", [bar.figure for bar in bars[:3]]),
            ".",
        ),
    )


_SPOKEN = {
    "compute.dense.bf16": "dense BF16 peak",
    "compute.dense.fp16": "dense FP16 peak",
    "compute.dense.fp4": "dense FP4 peak",
    "compute.dense.fp8": "dense FP8 peak",
    "compute.dense.int8": "dense INT8 peak",
    "efficiency.attention": "share of the peak reached in attention",
    "efficiency.collectives": "share of link bandwidth reached",
    "efficiency.decode": "share of the peak reached in decode",
    "efficiency.experts": "speed of routed experts over dense layers",
    "efficiency.kv": "share of bandwidth reached for KV cache",
    "efficiency.prefill": "share of the peak reached in prefill",
    "efficiency.weights": "share of bandwidth reached for weights",
    "interconnect.chip": "link bandwidth of a chip",
    "interconnect.domain": "chips of a scale-up domain",
    "interconnect.scale_out": "bandwidth to other systems",
    "interconnect.stage": "bandwidth between stages",
    "latency.chained_layer": "added latency of a latent or linear layer",
    "latency.attention_share": "attention's share of a layer's latency",
    "latency.exchange": "latency between the two systems",
    "latency.expert_layer": "added latency of a layer with experts",
    "latency.hop": "latency between stages",
    "latency.host": "host time",
    "latency.layer": "latency a layer",
    "latency.layer_spread": "added latency of a layer over eight chips",
    "latency.layer_per_hidden": "latency a layer and width",
    "latency.prefill_chained_pass": "latent or linear layers' latency in prefill",
    "latency.prefill_chunk": "prompt tokens a prefill pass",
    "latency.prefill_expert_pass": "added latency of experts in prefill",
    "latency.prefill_pass": "latency of a prefill pass",
    "latency.sequence": "host time a sequence",
    "memory.bandwidth": "memory bandwidth",
    "memory.capacity": "memory of a chip",
    "memory.usable": "usable share of memory",
    "power.idle": "idle share of power",
    "power.system": "power of a system",
    "price.rent.on_demand": "rent on demand",
    "price.rent.one_year": "rent for a year",
    "price.rent.three_years": "rent for three years",
    "price.system": "price of a system",
    "scheduling.imbalance": "expert load of the busiest chip over mean",
    "scheduling.overlap": "overlap of reading and computing",
    "scheduling.pass_share": "share of prefill latency that decode bears",
    "scheduling.prompt_wait": "share of other prompts before a first token",
    "scheduling.prompt_wait_in_waves": "prompts before a first token, equal lengths",
    "scheduling.stall": "share of other prompts between tokens",
    "scheduling.stall_in_waves": "prompts between tokens, equal lengths",
}


def _of_whom(desk: Desk, o: Outcome, figure: str) -> str:
    """A Figure in plain words, and whose it is where it is the partner's."""
    partner = desk.system(o.hardware).profile.partner
    whose = f", {partner.chip}" if partner and figure.startswith(f"{partner.id}:") else ""
    return spoken(figure) + whose


def spoken(figure: str) -> str:
    """`acme-x1:latency.layer` as `latency a layer`."""
    path = figure.split(":", 1)[1]
    return _SPOKEN.get(path, path.replace("_", " ").replace(".", " "))


def _turns(desk: Desk) -> Table:
    """By class: the system price at which each owned system would be the cheapest offer."""
    columns = (Column("Class", "", "left", 1.8), *(Column(desk.name(h.id), "$ a system") for h in desk.results.systems))
    rows = []
    for wanted in desk.mix.classes:
        offers = desk.results.offers(wanted.id)
        cells = [_turn(desk, o, offers[0][1].usd_month.value if offers else None) for o in desk.outcomes(wanted.id)]
        rows.append(Row((Cell(text(wanted.label)), *cells)))
    now = [
        Cell(text(money(h.profile.price.system.value), desk.notes.cite("", [f"{h.id}:price.system"])))
        for h in desk.results.systems
    ]
    rows.append(Row((Cell(text("Price today")), *now), group=True))
    return Table(
        "turning-prices",
        "The price of a system at which owning it becomes the cheapest offer",
        "All else as it is; a dash where power and space alone cost more than the cheapest offer, or it does not serve",
        columns,
        tuple(rows),
    )


def _turn(desk: Desk, o: Outcome, target: float | None) -> Cell:
    if target is None or o.status != "meets":
        return absent("not served" if o.status == "refused" else "misses the level" if o.status == "misses" else "")
    if not o.lane("own"):
        return absent("not sold")
    usd = breakeven_price_usd(desk.results, o, target)
    return cell(money(usd)) if usd is not None and np.isfinite(usd) else absent("at no price")
