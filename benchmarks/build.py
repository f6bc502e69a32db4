"""A full briefing beside WeasyPrint alone on the same print HTML, phase by phase; and a build of what has not changed.

Cold is a process from its start to its end, warm the second time in one process. WeasyPrint gets the HTML that the
press gave it, as a program would that has nothing else to do: `HTML(string=...).write_pdf(...)`, one font
configuration, PDF/UA like the briefing. CPU seconds, one thread. Memory is that of the largest process, and the most
that all processes of a build hold together: resident, and with shared pages counted once (PSS).
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from measure import Cost, machine, run, table

TARGET, TARGET_UNCHANGED_S, TARGET_MB = 2.0, 1.0, 400
PHASES = {  # by the beginning of what the press says that it does next
    "evaluate": ("",),
    "model error": ("model against",),
    "plan": ("a fleet of", "tokens alone", "the mixed fleet"),
    "compose, csv, json": ("claims", "sections"),
    "xlsx, md": ("XLSX",),
    "charts": ("charts",),
    "html": ("HTML",),
    "pdf": ("PDF",),
    "write": ("writing",),
}
DAY = "2026-11-24"


# -- the sides, each in a process of its own ------------------------------------------------------------------


def phase_of(line: str) -> str:
    """The phase that a line of progress begins."""
    return next((name for name, begins in PHASES.items() if any(begins) and line.startswith(begins)), "evaluate")


def pressed(source: Path | None, samples: int | None, folder: Path) -> dict:
    """One build in this process: CPU seconds by phase, and the pages; the print HTML is left in the folder."""
    from chipbrief.catalogue import load_catalogue
    from chipbrief.registry import load_registry
    from chipbrief_reports import press

    spent, phase, began = dict.fromkeys(("start", *PHASES), 0.0), "start", time.process_time()

    def tell(line: str) -> None:
        nonlocal phase, began
        now = time.process_time()
        spent[phase] += now - began
        phase, began = phase_of(line), now

    registry, catalogue = load_registry(), load_catalogue()
    places = {"registry": registry, "catalogue": catalogue, "as_of": DAY}
    report = press.build(source, folder / "out", **places, samples=samples, progress=tell)
    tell("")
    return {"phases": spent, "cpu_seconds": sum(spent.values()), "pages": report.pages}


def press_side(source: Path | None, samples: int | None, folder: Path) -> list[dict]:
    """Two builds, the first with the imports; the print HTML is written down on its way to WeasyPrint."""
    began = time.process_time()
    from chipbrief_reports import press

    original = press.write_pdf

    def caught(html: str, *args: object, **names: object) -> tuple[bytes, int]:
        (folder / "print.html").write_text(html, encoding="utf-8")
        return original(html, *args, **names)

    press.write_pdf = caught
    imports = time.process_time() - began
    first = pressed(source, samples, folder)
    first["phases"]["start"] += imports
    first["cpu_seconds"] += imports
    return [first, pressed(source, samples, folder)]


def weasyprint_side(times: int, folder: Path) -> list[dict]:
    """WeasyPrint and nothing else."""
    began = time.process_time()
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration

    from chipbrief_templates import THEME

    html, fonts, found = (folder / "print.html").read_text(encoding="utf-8"), FontConfiguration(), []
    for _ in range(times):
        document = weasyprint.HTML(string=html, base_url=f"{THEME.as_uri()}/").render(
            font_config=fonts, pdf_variant="pdf/ua-1", pdf_tags=True
        )
        document.write_pdf(folder / "alone.pdf", pdf_variant="pdf/ua-1")
        ended = time.process_time()
        found.append({"cpu_seconds": ended - began, "pages": len(document.pages)})
        began = ended
    return found


# -- the comparison -------------------------------------------------------------------------------------------


def one_round(source: Path | None, samples: int | None, folder: Path) -> dict:
    """Everything once, in turns, so that what else the machine does meets all alike."""
    itself = [sys.executable, __file__, "--folder", str(folder), *_words(source, samples)]
    command = [str(Path(sys.executable).with_name("chipbrief")), "build", *_words(source, samples, named=False)]
    command += ["--output", str(folder / "cold"), "--as-of", DAY]
    press, press_cost = _side([*itself, "--side", "press"])
    cold, alone_cold = run([*command, "--force"]), run([*itself, "--side", "weasyprint", "--times", "1"])
    alone, _ = _side([*itself, "--side", "weasyprint", "--times", "2"])
    unchanged = [_unchanged(command) for _ in range(3)]
    return {
        "pages": press[0]["pages"],
        "pages_weasyprint": alone[0]["pages"],
        "cold": {"build": cold.cpu_seconds, "weasyprint": alone_cold.cpu_seconds},
        "warm": {"build": press[1]["cpu_seconds"], "weasyprint": alone[1]["cpu_seconds"]},
        "phases_cold": press[0]["phases"],
        "phases_warm": press[1]["phases"],
        "max_rss_mb": {
            "build": cold.max_rss_mb,
            "two builds in one process": press_cost.max_rss_mb,
            "weasyprint": alone_cold.max_rss_mb,
        },
        "together_mb": together([*command, "--force"]),
        "unchanged": {
            "cpu_seconds": min(one["cpu_seconds"] for one in unchanged),
            "seconds": statistics.median(one["seconds"] for one in unchanged),
        },
    }


def together(command: Sequence[str]) -> dict[str, float]:
    """The most memory that a command and its children hold at one time [MB], looked at every 50 ms; Linux alone."""
    most = {"all processes of a build": 0.0, "the same, shared pages once": 0.0}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            held = [_held_mb(pid) for pid in _family(process.pid)]
            for name, parts in zip(most, zip(*held, strict=True), strict=False):
                most[name] = max(most[name], sum(parts))
            time.sleep(0.05)
    return most


def _family(pid: int) -> list[int]:
    """A process and all that it has started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _held_mb(pid: int) -> tuple[float, float]:
    """Resident memory of a process, and its proportional part; nothing of one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return 0.0, 0.0
    held = {name: int(size.split()[0]) * 1024 / 1e6 for name, _, size in (line.partition(":") for line in lines)}
    return held.get("Rss", 0.0), held.get("Pss", 0.0)


def _words(source: Path | None, samples: int | None, *, named: bool = True) -> list[str]:
    """The arguments of this script, or those of `chipbrief build`."""
    file = [] if source is None else ["--mix", str(source)] if named else [str(source)]
    return [*file, *([] if samples is None else ["--samples", str(samples)])]


def _side(command: Sequence[str]) -> tuple[list[dict], Cost]:
    cost = run(command)
    return json.loads(cost.stdout), cost


def _unchanged(command: Sequence[str]) -> dict[str, float]:
    for _ in range(3):  # somebody who works on chipbrief's own files makes it build again
        began = time.perf_counter()
        cost = run([*command, "--json"])
        if json.loads(cost.stdout)["unchanged"]:
            return {"cpu_seconds": cost.cpu_seconds, "seconds": time.perf_counter() - began}
    raise SystemExit("the briefing is built again and again: do chipbrief's own files change all the time?")


def median(rounds: Sequence[dict]) -> dict:
    """The rounds as one, number by number."""
    first = rounds[0]
    return {
        key: median([one[key] for one in rounds])
        if isinstance(value, dict)
        else statistics.median(one[key] for one in rounds)
        for key, value in first.items()
    }


def ratios(found: dict) -> dict[str, float]:
    """How many times WeasyPrint's CPU seconds a build takes, and what it takes without the plan's solver."""
    told = {name: found[name]["build"] / found[name]["weasyprint"] for name in ("cold", "warm")}
    for name in ("cold", "warm"):
        rest = found[name]["build"] - found[f"phases_{name}"]["plan"]
        told[f"{name}, without the plan"] = rest / found[name]["weasyprint"]
    told["pdf phase alone, warm"] = found["phases_warm"]["pdf"] / found["warm"]["weasyprint"]
    return told


def text(report: dict) -> str:
    """The report as tables and verdicts."""
    found = report["median"]
    sides = [["CPU seconds", "build", "WeasyPrint alone", "ratio"]]
    for name in ("cold", "warm"):
        sides.append([name, *(f"{found[name][side]:.2f}" for side in ("build", "weasyprint"))])
        sides[-1].append(f"{report['ratios'][name]:.2f}")
    phases = [["phase, CPU seconds", "cold", "warm"]]
    phases += [[p, f"{s:.2f}", f"{found['phases_warm'][p]:.2f}"] for p, s in found["phases_cold"].items()]
    others = [["ratio", ""], *([name, f"{ratio:.2f}"] for name, ratio in report["ratios"].items())]
    sizes = {f"largest process, {name}": mb for name, mb in found["max_rss_mb"].items()} | found["together_mb"]
    memory = [["memory", ""], *([name, f"{mb:.0f} MB"] for name, mb in sizes.items())]
    head = f"{report['machine']}, {report['rounds']} rounds, {found['pages']:.0f} pages"
    return "\n\n".join([head, *map(table, (sides, phases, others, memory)), verdict(report)])


def verdict(report: dict) -> str:
    """One line a budget."""
    found = report["median"]
    build = max(report["ratios"]["cold"], report["ratios"]["warm"])
    unchanged, memory = found["unchanged"], found["max_rss_mb"]["build"]
    return "\n".join(
        [
            f"a build is {build:.2f} times WeasyPrint alone, of {TARGET:.0f}",
            f"unchanged: {unchanged['cpu_seconds']:.2f} CPU s, {unchanged['seconds']:.2f} s, of {TARGET_UNCHANGED_S} s",
            f"memory: {memory:.0f} MB in the largest process, of {TARGET_MB}",
        ]
    )


def main() -> None:
    """Measure as the arguments say and print the tables, or one JSON document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often all is measured (default: 3)")
    parser.add_argument("--mix", type=Path, help="a briefing or a mix instead of the default example")
    parser.add_argument("--samples", type=int, help="draws behind each range (default: chipbrief's own)")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--side", choices=("press", "weasyprint"), help=argparse.SUPPRESS)
    parser.add_argument("--times", type=int, default=2, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.side:
        sides = press_side(a.mix, a.samples, a.folder) if a.side == "press" else weasyprint_side(a.times, a.folder)
        print(json.dumps(sides))
        return
    with tempfile.TemporaryDirectory() as folder:
        rounds = [one_round(a.mix, a.samples, Path(folder)) for _ in range(a.rounds)]
    found = median(rounds)
    report = {
        "machine": machine(),
        "chipbrief": importlib.metadata.version("chipbrief"),
        "weasyprint": importlib.metadata.version("weasyprint"),
        "rounds": a.rounds,
        "median": found,
        "ratios": ratios(found),
    }
    print(json.dumps(report, indent=2) if a.json else text(report))


if __name__ == "__main__":
    main()
