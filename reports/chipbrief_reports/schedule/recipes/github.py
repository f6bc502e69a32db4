"""A workflow of GitHub Actions that keeps the editions on a branch of their own.

Fields: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from chipbrief.errors import InputError, Problem
from chipbrief_reports.schedule.recipes.recipe import TOO_LONG, Recipe
from chipbrief_reports.schedule.recipes.utc import wake_ups

__all__ = ["github"]

BRANCH = "editions"
PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"  # that WeasyPrint needs
PUSHES_MIN = 10

HEAD = """\
# {name}: prints the briefings that are due. Commit it as .github/workflows/{name}.yml on the default branch.
#
# The editions are kept on the branch `{branch}`, not in actions/cache: a cache that nobody reads for a week is
# deleted, and with it the memory of what has been printed and sent. Settings > Pages > Deploy from a branch
# publishes it as a site.
"""

CRON = """\
    # In UTC, once for each offset of the clocks in the schedules' time zones; the tick prints what is due, and at
    # the other moments nothing. GitHub may start late or leave one out: what was missed is printed by the next.
"""

FETCH = f"""\
      - name: Fetch the editions so far
        id: editions
        run: |
          code=0
          git ls-remote --exit-code origin refs/heads/{BRANCH} >/dev/null || code=$?
          case $code in
            0)
              git fetch --depth=1 origin refs/heads/{BRANCH}
              git worktree add --detach "$RUNNER_TEMP/editions" FETCH_HEAD ;;
            2)  # there is none yet
              git worktree add --detach "$RUNNER_TEMP/editions"
              git -C "$RUNNER_TEMP/editions" switch --orphan {BRANCH} ;;
            *)  # the repository did not answer: without the past, all would be printed and sent again
              exit $code ;;
          esac
"""

KEEP = f"""\
      - name: Keep the editions, also after a failure
        if: always() && steps.editions.outcome == 'success'
        timeout-minutes: {PUSHES_MIN}
        run: |
          cd "$RUNNER_TEMP/editions"
          touch .nojekyll
          git add --all -- . ':(exclude,glob)**/.lock' ':(exclude,glob)**/.work/**' ':(exclude,glob)**/.state.*'
          git diff --cached --quiet && exit 0
          git -c user.name='github-actions[bot]' \\
            -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \\
            commit --quiet --message 'Editions'
          made=$(git rev-parse HEAD)
          cd "$GITHUB_WORKSPACE"
          for wait in 5 20 60 0; do
            git push origin "$made:refs/heads/{BRANCH}" && exit 0
            sleep $wait
          done
          exit 1
"""


def github(recipe: Recipe, repository: Path, on: date) -> dict[str, str]:
    """The workflow, by file name.

    Args:
        recipe: what is called.
        repository: the folder on this machine that is the root of the repository.
        on: the day from which on the time zones' offsets are looked up.

    Raises:
        InputError: a briefing lies outside of the repository.
    """
    folder, *files = _within(repository, recipe.folder, *recipe.files)
    parts = [
        HEAD.format(name=recipe.name, branch=BRANCH),
        *_secrets_needed(recipe),
        *_triggers(recipe, on),
        *_job(recipe),
        *_setup(recipe),
        FETCH,
        *_tick(recipe, folder, files),
        KEEP,
    ]
    return {f"{recipe.name}.yml": "".join(parts)}


def _within(repository: Path, *paths: Path) -> list[str]:
    outside = [path for path in paths if not path.is_relative_to(repository)]
    if outside:
        raise InputError([Problem(f"lies outside of the repository {repository}", str(path)) for path in outside])
    return [path.relative_to(repository).as_posix() for path in paths]


def _secrets_needed(recipe: Recipe) -> Iterator[str]:
    if recipe.variables:
        yield "# Deliveries need secrets of the repository (Settings > Secrets and variables > Actions): "
        yield f"{', '.join(recipe.variables)}.\n"
    for folder in recipe.copied_to:
        yield f"# A delivery writes to {_shown(str(folder))}, which does not outlast the run.\n"


def _triggers(recipe: Recipe, on: date) -> Iterator[str]:
    yield f"\nname: {recipe.name}\n\non:\n  schedule:\n{CRON}"
    for line in wake_ups(recipe.timings, on):
        yield f'    - cron: "{line}"\n'
    yield "  workflow_dispatch:\n"


def _job(recipe: Recipe) -> Iterator[str]:
    minutes = TOO_LONG // 60 + PUSHES_MIN + 20
    yield f"""
permissions:
  contents: write # to push the editions

concurrency:
  group: {recipe.name}
  cancel-in-progress: false

jobs:
  tick:
    runs-on: ubuntu-24.04
    timeout-minutes: {minutes}
    steps:
"""


def _setup(recipe: Recipe) -> Iterator[str]:
    extra = "[apprise]" if recipe.apprise else ""
    yield f"""\
      - uses: actions/checkout@v6
      - uses: actions/setup-python@v6
        with:
          python-version: "3.13"
      - name: Install chipbrief
        run: |
          sudo apt-get update -qq
          sudo apt-get install -y -qq --no-install-recommends {PACKAGES}
          pip install --quiet 'chipbrief{extra}=={recipe.version}'
"""


def _tick(recipe: Recipe, folder: str, files: list[str]) -> Iterator[str]:
    call = " ".join(["chipbrief schedule tick", *map(_runner_path, files), '--editions "$RUNNER_TEMP/editions"'])
    yield "      - name: Print what is due, and stay until what failed has been tried again\n"
    yield f"        timeout-minutes: {TOO_LONG // 60}\n"
    if recipe.variables:
        yield "        env:\n"
        for name in recipe.variables:
            yield f"          {name}: ${{{{ secrets.{name} }}}}\n"
    yield f"        run: {_scalar(f'cd {_runner_path(folder)} && {call} --wait')}\n"


def _runner_path(relative: str) -> str:
    """A path on the machine that runs it, for its shell."""
    return '"$GITHUB_WORKSPACE"' if relative == "." else f'"$GITHUB_WORKSPACE"/{shlex.quote(relative)}'


def _scalar(text: str) -> str:
    """Text as YAML; a file name that looks like an expression is none."""
    return json.dumps(text.replace("${{", "${{ '${{' }}"), ensure_ascii=False)


def _shown(text: str) -> str:
    return text.replace("${{", "$ {{")
