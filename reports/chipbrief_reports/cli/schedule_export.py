"""`chipbrief schedule export`: the recipe by which a machine calls the tick."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chipbrief.errors import InputError, Problem
from chipbrief_reports.cli.command import Document, Reply, ReportCommand
from chipbrief_reports.cli.scheduled import editions_option, files_argument, meant
from chipbrief_reports.cli.writing import check_place, put

if TYPE_CHECKING:
    from chipbrief_reports.schedule.found import Scheduled
    from chipbrief_reports.schedule.recipes import Recipe, Timing

__all__ = ["export"]

KINDS = ("systemd", "cron", "kubernetes", "github")
ELSEWHERE = ("kubernetes", "github")  # where the folder of the editions is not of this machine
VARIABLES = ("password_env", "url_env", "secret_env")


def _kinds(command: Callable[..., Reply]) -> Callable[..., Reply]:
    """Add one flag for each kind."""
    words = {
        "systemd": "A service and a timer.",
        "cron": "A line for a crontab.",
        "kubernetes": "A CronJob, a claim and a ConfigMap.",
        "github": "A workflow of GitHub Actions.",
    }
    for kind in reversed(KINDS):
        command = click.option(f"--{kind}", is_flag=True, help=words[kind])(command)
    return command


@click.command(
    "export",
    cls=ReportCommand,
    epilog="""\b
Examples:
  chipbrief schedule export --systemd -o units              two units, with how to install them
  chipbrief schedule export --systemd --user -o units       for your own manager, without root
  chipbrief schedule export --cron weekly.yaml              a line for crontab -e
  chipbrief schedule export --kubernetes --image registry.example/chipbrief:0.1.0
  chipbrief schedule export --github -o .github/workflows""",
)
@files_argument
@_kinds
@editions_option
@click.option(
    "--every",
    metavar="MINUTES",
    type=int,
    default=5,
    show_default=True,
    help="From one call to the next; a workflow of GitHub is started at the slots instead.",
)
@click.option("--image", metavar="IMAGE", help="For Kubernetes: an image with chipbrief in it.")
@click.option("--user", is_flag=True, help="For systemd: units of your own manager.")
@click.option("--name", metavar="NAME", help="Of the units, the job or the workflow.  [default: chipbrief-FOLDER]")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to.  [default: standard output]",
)
def export(
    files: tuple[Path, ...],
    editions: Path | None,
    every: int,
    image: str | None,
    user: bool,
    name: str | None,
    output: Path | None,
    **kinds: bool,
) -> Reply:
    """Write the recipe by which a machine calls chipbrief schedule tick.

    The tick finds out by itself what is due, in the time zone of each schedule, so the recipe only has to call it
    every few minutes. Without files, every briefing of this folder that has a schedule is meant, also those that are
    added later (except with --kubernetes, which holds the files themselves). Nothing is installed.
    """
    kind = _kind(kinds, editions=editions, image=image, user=user)
    from chipbrief_reports.schedule.recipes import Recipe

    wrong: list[Problem] = []
    found = meant(files, editions, wrong.append)
    wrong += _shared(found) if kind in ELSEWHERE else []
    if wrong:
        raise InputError(wrong)
    folder = _folder(files)
    recipe = Recipe(
        name=name or _named(folder),
        folder=folder,
        command=_command(),
        files=tuple(file.absolute() for file in files),
        editions=editions.absolute() if editions else None,
        written=tuple(dict.fromkeys(one.series.root.absolute() for one in found)),
        copied_to=_copied_to(found),
        every=every,
        timings=_timings(found),
        variables=_variables(found),
        apprise=any(delivery.kind == "apprise" for one in found for delivery in one.schedule.deliver),
        contents=_contents(found) if kind == "kubernetes" else {},
        version=_version(),
    )
    made = _made(kind, recipe, image, user)
    written = _write(output, made) if output is not None else {}
    shown = [{"name": file, "text": text, "written": written.get(file)} for file, text in made.items()]
    return Reply({"kind": kind, "recipe": recipe.name, "files": shown}, _text)


def _kind(kinds: dict[str, bool], *, editions: Path | None, image: str | None, user: bool) -> str:
    """The kind that is asked for; raises InputError where options do not go together."""
    asked = [kind for kind in KINDS if kinds[kind]]
    if len(asked) != 1:
        told = f"expected one of {', '.join(f'--{kind}' for kind in KINDS)}, got {len(asked)}"
        raise InputError([Problem(told)])
    kind, problems = asked[0], []
    if kind == "kubernetes" and not (image or "").strip():
        told = (
            "is needed with --kubernetes: the name of an image with chipbrief in it, such as registry/chipbrief:0.1.0"
        )
        problems.append(Problem(told, field="--image"))
    if image is not None and kind != "kubernetes":
        problems.append(Problem(f"has no meaning with --{kind}", field="--image"))
    if user and kind != "systemd":
        problems.append(Problem(f"has no meaning with --{kind}", field="--user"))
    if editions is not None and kind in ELSEWHERE:
        kept = "claim" if kind == "kubernetes" else "branch"
        problems.append(Problem(f"has no meaning with --{kind}: the editions lie on a {kept}", field="--editions"))
    if problems:
        raise InputError(problems)
    return kind


def _made(kind: str, recipe: Recipe, image: str | None, user: bool) -> dict[str, str]:
    from chipbrief_reports.schedule.recipes import cron, github, kubernetes, systemd
    from chipbrief_reports.schedule.tick import utc_now

    match kind:
        case "systemd":
            return systemd(recipe, None if user else _owner(recipe.written[0]))
        case "kubernetes":
            return kubernetes(recipe, image or "")
        case "github":
            return github(recipe, _repository(recipe.folder), utc_now().date())
        case _:
            return cron(recipe)


# -- what is known of the briefings ---------------------------------------------------------------------------


def _shared(found: Sequence[Scheduled]) -> list[Problem]:
    """Files of one name, where all editions lie in one folder."""
    first: dict[str, Path] = {}
    told = "would have the same editions as {}: rename one of them"
    return [
        Problem(told.format(first[one.name.casefold()]), str(one.file))
        for one in found
        if first.setdefault(one.name.casefold(), one.file) != one.file
    ]


def _copied_to(found: Iterable[Scheduled]) -> tuple[Path, ...]:
    folders = [
        one.file.parent.absolute() / Path(delivery.folder.path).expanduser()
        for one in found
        for delivery in one.schedule.deliver
        if delivery.folder is not None
    ]
    return tuple(dict.fromkeys(Path(os.path.normpath(folder)) for folder in folders))


def _timings(found: Iterable[Scheduled]) -> tuple[Timing, ...]:
    from chipbrief_reports.schedule.recipes import Timing

    return tuple(dict.fromkeys(Timing(one.schedule.cron, one.schedule.timezone) for one in found))


def _variables(found: Iterable[Scheduled]) -> tuple[str, ...]:
    ways = [delivery.way for one in found for delivery in one.schedule.deliver]
    names = [getattr(way, key, None) for way in ways for key in VARIABLES]
    return tuple(dict.fromkeys(name for name in names if name))


def _contents(found: Iterable[Scheduled]) -> dict[Path, bytes]:
    """The briefings and all that they name, by absolute path."""
    from chipbrief_reports.unchanged import inputs_of

    paths = [one.file.parent.absolute() / name for one in found for name in inputs_of(one.file)]
    try:
        return {path: path.read_bytes() for path in (Path(os.path.normpath(path)) for path in paths)}
    except OSError as error:
        raise InputError([Problem(f"cannot be read: {error.strerror or error}", str(error.filename))]) from None


# -- what is known of this machine ----------------------------------------------------------------------------


def _folder(files: Sequence[Path]) -> Path:
    """This folder, or the one above all files that are named."""
    return Path(os.path.commonpath([file.absolute().parent for file in files])) if files else Path.cwd()


def _named(folder: Path) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:40].strip("-")
    return f"chipbrief-{slug}" if slug and slug != "chipbrief" else "chipbrief"


def _command() -> tuple[str, ...]:
    """The program that belongs to this Python, or the one that a shell would find."""
    beside = Path(sys.executable).parent / "chipbrief"
    found = str(beside) if beside.is_file() else shutil.which("chipbrief")
    if found is None:
        raise InputError(
            [Problem("there is no program chipbrief that a schedule could call: install it, as with pipx")]
        )
    return (os.path.abspath(found),)  # noqa: PTH100 - a link of an environment must stay one


def _owner(folder: Path) -> str:
    """Who the editions belong to, or will."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        return nearest.owner()
    except KeyError:  # a number without a name
        return str(nearest.stat().st_uid)


def _repository(folder: Path) -> Path:
    """The root of the repository that the folder lies in, or the folder itself where it lies in none."""
    return next((path for path in (folder, *folder.parents) if (path / ".git").exists()), folder)


def _version() -> str:
    from importlib.metadata import version

    return version("chipbrief")


# -- what is told ---------------------------------------------------------------------------------------------


def _write(output: Path, made: dict[str, str]) -> dict[str, Path]:
    places = {file: output / file for file in made}
    for place in places.values():
        check_place(place)
    for file, place in places.items():
        put(place, made[file].encode())
    return places


def _text(document: Document) -> str:
    files = document["files"]
    if all(file["written"] for file in files):
        return "\n".join(str(file["written"]) for file in files)
    return "\n".join(f"# ---- {file['name']}\n{file['text']}" for file in files).rstrip("\n")
