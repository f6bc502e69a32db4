"""A briefing of invented figures that uses every kind of block; what the renderers are looked at and tested with."""

from __future__ import annotations

from typing import Any

from chipbrief_reports.briefing.document import (
    Bars,
    Briefing,
    Bullets,
    Cell,
    Chart,
    Column,
    Columns,
    Finding,
    Headline,
    Headlines,
    Note,
    Paragraph,
    Ref,
    Row,
    Section,
    Table,
    text,
)

INK, MUTED, RULE = "#16212C", "#5B6675", "#E3E6EA"
COLOURS = ("#C8501E", "#2E7D4F", "#2160A8", "#8A93A0", "#8A93A0")
CONFIG: dict[str, Any] = {
    "font": "Inter",
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        "labelFont": "Inter",
        "titleFont": "Inter",
        "titleFontWeight": "normal",
        "labelColor": MUTED,
        "titleColor": MUTED,
        "gridColor": RULE,
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
    },
    "text": {"font": "Inter", "fontSize": 10, "color": INK},
}
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


def chart(width: int, height: int, **parts: Any) -> dict[str, Any]:
    """A specification of a fixed outer size."""
    size = {"width": width, "height": height, "autosize": {"type": "fit", "contains": "padding"}, "padding": 4}
    return {"$schema": SCHEMA, **size, "config": CONFIG, **parts}


def lines(width: int = 602, height: int = 230) -> dict[str, Any]:
    """Seconds by output length, lines named at their end, clipped at the frame."""
    names = ("CS-3", "DGX B200", "LPU rack", "MI355X ×8")
    rows = [
        {"name": name, "tokens": tokens, "seconds": (0.15 + 0.1 * i) + tokens / (2700, 900, 1150, 760)[i]}
        for i, name in enumerate(names)
        for tokens in (50, 100, 200, 500, 1000, 2000, 5000, 10000)
    ]
    x = {
        "field": "tokens",
        "type": "quantitative",
        "scale": {"type": "log", "domain": [50, 10000]},
        "axis": {"values": [50, 100, 200, 500, 1000, 2000, 5000, 10000], "grid": False, "title": "output tokens (log)"},
    }
    y = {"field": "seconds", "type": "quantitative", "scale": {"type": "log", "domain": [0.1, 20]}, "title": "seconds"}
    colour = {"field": "name", "type": "nominal", "scale": {"domain": names, "range": COLOURS[:4]}, "legend": None}
    line = {"mark": {"type": "line", "clip": True, "strokeWidth": 2}, "encoding": {"x": x, "y": y, "color": colour}}
    label = {
        "transform": [{"filter": "datum.tokens == 10000"}],
        "mark": {"type": "text", "align": "right", "dx": -4, "dy": -9, "fontWeight": 600},
        "encoding": {"x": x, "y": y, "color": colour, "text": {"field": "name"}},
    }
    return chart(width, height, data={"values": rows}, layer=[line, label])


def bars(width: int = 602, height: int = 210) -> dict[str, Any]:
    """Horizontal bars with their values."""
    rows = [
        {"name": n, "value": v, "c": c}
        for n, v, c in (
            ("Chat assistant", 0.31, COLOURS[0]),
            ("Code agent", 1.0, COLOURS[0]),
            ("Deep reasoning", 3.89, COLOURS[0]),
            ("Retrieval", 0.34, COLOURS[1]),
            ("Voice", 0.22, COLOURS[2]),
            ("Batch summaries", 0.54, COLOURS[3]),
        )
    ]
    y = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelColor": INK}}
    x = {"field": "value", "type": "quantitative", "title": "seconds", "axis": {"tickCount": 5}}
    bar = {"mark": {"type": "bar", "height": 14}, "encoding": {"x": x, "y": y, "color": {"field": "c", "scale": None}}}
    label = {
        "mark": {"type": "text", "align": "left", "dx": 5},
        "encoding": {"x": x, "y": y, "text": {"field": "value"}},
    }
    return chart(width, height, data={"values": rows}, layer=[bar, label])


NOTES = (
    Note(
        1,
        "Effective cost: hardware, power, facility and staff over the tokens served at the stated utilisation (C1).",
        (("chipbrief method, C1", "docs/method.md", "2026-11-23"),),
    ),
    Note(
        2,
        "CS-3 price 2 500 000 USD, 2 000 000 to 3 100 000 (analyst's estimate; Semianalysis wafer economics, "
        "2026-05-02); power 23 kW (vendor's specification; CS-3 data sheet, 2025-03-11); depreciation over 4 years.",
        (
            ("Wafer economics", "https://example.org/wafer/economics?edition=2&figure=system-price", "2026-05-02"),
            ("CS-3 data sheet", "https://example.org/cs3.pdf", "2025-03-11"),
        ),
    ),
    Note(3, "Measured by a third party at batch 1, 1 000 tokens in, gpt-oss-120B.", (("AA", "table 4", "2026-09-30"),)),
    Note(4, "DGX B200 list price; MLPerf Inference v5.1 offline, 8 GPUs.", (("MLCommons", "v5.1-0042", "2025-09-09"),)),
    Note(5, "Utilisation is the input with the largest effect; see the tornado."),
    Note(6, "Token price list of 1 November 2026, no volume discount.", (("Price list", "https://example.org/p", ""),)),
    Note(7, "SLO: p95 time to first token 500 ms and 100 tokens/s/user for the interactive classes."),
    Note(8, "Confidence: A measured twice, B measured once, C modelled, D claimed only."),
    Note(9, "Announced capacity, not yet delivered.", (("Press release", "https://example.org/pr/14", "2026-01-14"),)),
    Note(
        10, "This note has a text of its own for the foot. " + "It goes on for quite some time. " * 9, (), "Short form"
    ),
    *(Note(n, f"Evidence row {n - 10}, read from the source on the day given.") for n in range(11, 21)),
)

OPTIONS = (
    ("CS-3, rented by the year", 0, "2.1", "1.6–2.9", "pass", "", "14", "0.36", "–", "B", 0.62, 2),
    ("DGX B200, owned", 1, "0.94", "0.71–1.3", "fail", "agents: 61 tok/s", "38", "0.54", "15", "A", 0.28, 4),
    ("LPU rack, by the token", 2, "1.5", "1.2–2.2", "pass", "", "–", "–", "–", "B", 0.45, 6),
    ("CS-3 and B200, split by class", 0, "1.2", "0.95–1.7", "pass", "", "5 + 24", "0.47", "21", "B", 0.36, 2),
    ("MI355X ×8, owned", 3, "0.88", "0.64–1.4", "fail", "agents: 48 tok/s", "41", "0.43", "12", "C", 0.27, 4),
    ("TPU v7 pod slice, 3 years", 4, "1.0", "0.74–1.6", "fail", "voice: 640 ms", "9", "0.61", "–", "C", 0.3, 6),
    ("SN40L ×16, owned", 5, "3.3", "2.0–5.1", "pass", "", "22", "0.22", "34", "D", 1.0, 9),
)


def options() -> Table:
    """The ranked options of page 1: 7 rows, 8 columns."""
    columns = (
        Column("Option", align="left", width=3.0),
        Column("Effective cost", "USD/Mtok", width=1.35),
        Column("SLO", "all classes", "left", 1.55),
        Column("Units", "systems", width=0.95),
        Column("Power", "MW", width=0.8),
        Column("Capex", "million USD", width=1.05),
        Column("Cost", "share", width=1.1),
        Column("Grade", "A to D", width=0.8),
    )
    rows = tuple(
        Row(
            (
                Cell((f"{place}  {name}",), dot=dot),
                Cell(text(cost, Ref(note)), span, best=place == 4),
                Cell((slo,), reason, absent=slo == "fail"),
                Cell((units,)),
                Cell((power,)),
                Cell((capex,)),
                Cell((f"{share * 100:.0f} %",), bar=Bars(share)),
                Cell((grade,)),
            ),
        )
        for place, (name, dot, cost, span, slo, reason, units, power, capex, grade, share, note) in enumerate(
            OPTIONS, 1
        )
    )
    return Table(
        "options",
        "A split fleet is the cheapest that meets every SLO",
        "Ranked by lane; best cell shaded",
        columns,
        rows,
        ("Ranges are 80 % intervals.",),
    )


def decision() -> Section:
    """Page 1."""
    return Section(
        "decision",
        "Decision",
        "Split the fleet: wafers for agents and voice, GPUs for the rest",
        (
            Paragraph(
                text(
                    "Serve code agents, reasoning and voice on five CS-3 and everything else on 24 DGX B200. The "
                    "split meets every service level at 1.2 USD per million tokens, 43 % below wafers alone.",
                    Ref(1),
                ),
                tone="lede",
            ),
            Headlines(
                (
                    Headline("$1.2", "0.95–1.7", text("per million tokens, effective", Ref(2))),
                    Headline("3.0×", "2.4–3.3", text("output speed per user, CS-3 over B200", Ref(3))),
                    Headline("0.47 MW", "0.41–0.55", text("provisioned at the peak hour", Ref(4))),
                    Headline("31 %", "22–44 %", text("utilisation the answer rests on", Ref(5))),
                )
            ),
            options(),
            Finding(
                ("Only SRAM systems hold 1 000 tokens in a second.",),
                text("Chat answers of 350 tokens are interactive on all; a 2 200-token edit only on CS-3.", Ref(7)),
            ),
            Finding(
                ("The order of cost follows the load, not the list price.",),
                ("Below 22 % utilisation the split loses to tokens bought from an API.",),
            ),
            Finding(
                ("Two of five options cannot serve agents at any price.",),
                text("Their bandwidth per user ends below the service level; no batch size mends that.", Ref(8)),
            ),
            Bullets(
                "What would change this answer",
                (
                    ("Utilisation below 22 % at the peak hour",),
                    ("A CS-3 above 3.6 million USD, or a B200 below 290 000 USD",),
                    ("Agents allowed 60 instead of 100 tokens/s/user",),
                ),
            ),
            Bullets(
                "Not covered",
                (
                    ("Training, fine-tuning and embeddings",),
                    ("Contracts below 12 months; export licences",),
                    ("Software migration, estimated at 3 to 9 engineer-months",),
                ),
            ),
        ),
    )


def workload() -> Section:
    """Page 2."""
    names = ("Chat assistant", "Code agent", "Deep reasoning", "Retrieval", "Voice", "Batch summaries")
    columns = (
        Column("Class", align="left", width=2.2),
        Column("Prompt p50", "tokens"),
        Column("Prompt p95", "tokens"),
        Column("Output p50", "tokens"),
        Column("Cache hit", "%"),
        Column("Peak", "requests/s"),
        Column("TTFT p95", "ms"),
        Column("Share of tokens", "%", width=1.3),
    )
    rows = tuple(
        Row(
            (
                Cell((n,)),
                Cell((f"{1200 * (i + 1)}",)),
                Cell((f"{9000 * (i + 1)}",)),
                Cell((f"{350 * (i + 1)}",)),
                Cell((f"{60 - 8 * i}",)),
                Cell((f"{42 / (i + 1):.1f}",)),
                Cell(("500",)),
                Cell((f"{(34, 22, 14, 18, 7, 5)[i]}",), bar=Bars((34, 22, 14, 18, 7, 5)[i] / 34)),
            )
        )
        for i, n in enumerate(names)
    )
    return Section(
        "workload",
        "Workload mix",
        "Two classes of six make half of the tokens",
        (
            Paragraph(
                ("Code agents and deep reasoning are a third of the requests and more than half of the output.",),
                tone="lede",
            ),
            Table(
                "classes",
                "Agents read much and write much",
                "Per class, from the mix file",
                columns,
                rows,
                text("From five-workloads.yaml", Ref(9), "."),
            ),
            Chart(
                "mass",
                "Deep reasoning takes the longest by far",
                "Median end-to-end seconds",
                bars(),
                "Bars of median seconds by class: deep reasoning 3.89 s, code agent 1.0 s, all others below 0.6 s.",
                ("Model of E3.",),
            ),
        ),
    )


def speed() -> Section:
    """Charts full and half wide, and running text."""
    return Section(
        "speed",
        "Speed against cost",
        "Wafers stay interactive to 2 200 tokens, GPUs to about 600",
        (
            Paragraph(
                ("The one-second line is the practical border of interaction; each system crosses it elsewhere.",),
                tone="lede",
            ),
            Chart(
                "frontier",
                "CS-3 stays below one second up to 2 200 tokens",
                "Seconds by output length, prompt 1 200 tokens",
                lines(),
                "Lines of seconds against output tokens for four systems; CS-3 is lowest throughout.",
                text("Sources 3 and 4", Ref(3), Ref(10), "."),
            ),
            Paragraph(
                text(
                    "Decoding one token reads every active weight once, so at batch 1 the operational intensity is "
                    "near 2 FLOP per byte. On HBM systems that point lies far left of the knee: more than 99 % of the "
                    "arithmetic is idle. On SRAM systems the same point lies close to the knee. Batching moves work to the "
                    "right, which is why GPUs regain the lead in system throughput."
                ),
                heading="Throughput frontier and cost",
            ),
            Columns(
                (Chart("left", "No system owns both axes", "Each point a batch size", lines(310, 200), "Four lines."),),
                (Chart("right", "Capital is half of every bar", "USD per Mtok", bars(310, 200), "Six bars."),),
            ),
            Paragraph(("Points are measured where a source gives them and modelled elsewhere.",), tone="small"),
        ),
    )


def profile() -> Section:
    """A page about one system."""
    facts = (
        ("Memory", "44 GB SRAM"),
        ("Bandwidth", "21 PB/s"),
        ("Peak dense", "125 PFLOP/s"),
        ("System power", "23 kW"),
        ("Price", "2.5 million USD"),
        ("Speed per user", "2 700 tokens/s"),
    )
    table = Table(
        "facts",
        "Profile",
        "",
        (Column("What", align="left"), Column("Value")),
        tuple(Row((Cell((a,)), Cell((b,)))) for a, b in facts),
    )
    return Section(
        "cs-3",
        "CS-3",
        "Cerebras CS-3: fastest on every class, dear when idle",
        (
            Columns(
                (table,),
                (
                    Bullets(
                        "Strengths",
                        (("First in five of six classes by latency",), ("Holds its speed up to 8 users a wafer",)),
                    ),
                    Bullets(
                        "Limits",
                        (
                            ("44 GB a wafer: models above 200 GB need eight",),
                            ("Idle, it costs 4.1 USD an hour and kilowatt",),
                        ),
                    ),
                    Paragraph(("Buy it for agents and voice; keep batch elsewhere.",), heading="Verdict"),
                ),
            ),
        ),
    )


def evidence() -> Section:
    """A table over several pages whose sources are long."""
    address = (
        "https://example.org/documents/inference/2026/q3/whitepaper-on-measured-throughput-and-energy_rev4.pdf#page="
    )
    columns = (
        Column("Input", align="left", width=2.2),
        Column("System", align="left", width=1.5),
        Column("Value"),
        Column("Low", width=0.8),
        Column("High", width=0.8),
        Column("Unit", align="left"),
        Column("Kind", align="left", width=1.5),
        Column("Source", align="left", width=4.0),
        Column("Date", align="left", width=1.2),
    )
    kinds = ("vendor's specification", "measured by a third party", "analyst's estimate")
    systems = ("CS-3", "DGX B200", "LPU rack", "MI355X ×8", "TPU v7", "SN40L ×16")
    rows = tuple(
        Row(
            (
                Cell((f"memory_bandwidth_{n}",)),
                Cell((systems[n % 6],), dot=n % 6),
                Cell(text(f"{n * 137 + 20}", *([Ref(11 + n)] if n < 10 else []))),
                Cell((f"{n * 120 + 18}",)),
                Cell((f"{n * 150 + 22}",)),
                Cell(("GB/s",)),
                Cell((kinds[n % 3],)),
                Cell(("System data sheet, revision 4, " + address + str(n),) if n % 4 else ("Internal measurement",)),
                Cell(("2026-05-02",)),
            ),
            group=n % 6 == 0 and n > 0,
        )
        for n in range(60)
    )
    return Section(
        "evidence",
        "Evidence",
        "Every input, with its range, kind and source",
        (
            Paragraph(("Change a row in its YAML file and build again; page 1 follows.",), tone="lede"),
            Table("inputs", "Sixty inputs carry the answer", "Value and range as used", columns, rows, dense=True),
            Paragraph(
                text("Claims are checked by arithmetic", Ref(2), Ref(5), "."), heading="How to reproduce this document"
            ),
        ),
    )


def briefing(**changes: Any) -> Briefing:
    """The whole sample; `changes` replace fields of it."""
    fields: dict[str, Any] = {
        "title": "Fast tokens, fair price",
        "subtitle": "Which systems should serve five interactive workloads from January 2027?",
        "organisation": "Example Infrastructure Strategy",
        "as_of": "2026-11-23",
        "language": "en",
        "sections": (decision(), workload(), speed(), profile(), evidence()),
        "notes": NOTES,
        "systems": (("cs-3", "CS-3"), ("dgx-b200", "DGX B200"), ("lpu", "LPU rack")),
        "missing": ("Intel: the plugin failed to load (ImportError: no module named 'gaudi')",),
        "theme": {},
        "version": "0.1.0",
    }
    return Briefing(**(fields | changes))
