"""Runs `chipbrief` in forked children of a warm process, and kills them with SIGKILL just before a file operation.

Reads one JSON document a line: the folder to work in, the arguments, before which operation of the folder's files to
die (0: none), and the files for what the child says. Answers with the child's exit code (or -9) and how many
operations it began.
"""

import json
import os
import signal
import sys
from functools import cache
from pathlib import Path

import chipbrief.registry
import chipbrief_reports.briefing.compose
import chipbrief_reports.cli.schedule
import chipbrief_reports.press
import chipbrief_reports.site  # noqa: F401 - warm
from chipbrief_reports.cli.app import root

PATIENCE_S = 240  # a child that takes longer is ended by SIGALRM
OPERATIONS = frozenset(
    {
        "open",
        "os.rename",
        "os.mkdir",
        "os.symlink",
        "os.remove",
        "os.rmdir",
        "os.chmod",
        "os.truncate",
        "sqlite3.connect",
    }
)


def child(folder: str, arguments: list[str], die_at: int, counter: int) -> None:
    os.chdir(folder)
    begun = 0

    def watch(event: str, values: tuple) -> None:
        nonlocal begun
        if event not in OPERATIONS or not values or not isinstance(values[0], (str, bytes, os.PathLike)):
            return
        if Path(folder) in Path(folder, os.fsdecode(values[0])).parents:
            begun += 1
            if begun == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    code = 1
    try:
        root.main(arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    sys.stdout.flush()
    sys.stderr.flush()
    os.pwrite(counter, str(begun).encode(), 0)
    os._exit(code)


def serve() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        counter = os.memfd_create("counter")
        pid = os.fork()
        if pid == 0:
            signal.alarm(PATIENCE_S)
            for number, name in ((1, "stdout"), (2, "stderr")):
                os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            child(order["folder"], order["arguments"], order["die_at"], counter)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        begun = int(os.pread(counter, 20, 0) or b"0")
        os.close(counter)
        sys.stdout.write(json.dumps({"code": status, "begun": begun}) + "\n")
        sys.stdout.flush()


chipbrief.registry.load_registry = cache(chipbrief.registry.load_registry)
chipbrief.registry.load_registry()  # the children have read it already: nothing here changes a plugin
serve()
