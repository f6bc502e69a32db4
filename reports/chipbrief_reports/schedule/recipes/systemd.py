"""A service and the timer that starts it, for the whole machine or for one user.

Directives and quoting: systemd.exec(5), systemd.service(5), systemd.timer(5) and systemd.syntax(7), of systemd 252.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from chipbrief_reports.schedule.recipes.recipe import TOO_LONG, Recipe

__all__ = ["systemd"]

PLAIN = re.compile(r"[A-Za-z0-9_./=:@+,-]+")
AWKWARD = frozenset("\"'\\$")  # in the path of a program
SHARED_TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - what PrivateTmp= hides
MAKE = """'[ -d "$$0" ] || install -d -o "$$1" "$$0"'"""

HARDENING = """\
# Nothing but the folders named above can be written. MemoryDenyWriteExecute= is left out: charts are drawn by V8,
# which compiles while it runs.
ProtectSystem=strict
NoNewPrivileges=true
CapabilityBoundingSet=
PrivateDevices=true
ProtectClock=true
ProtectControlGroups=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
SystemCallArchitectures=native"""

USERS_HARDENING = """\
# A user's manager can make the file system read-only only where the kernel lets users make namespaces of their own,
# which some distributions do not; where yours does, add ProtectSystem=strict, PrivateTmp=true and
# ReadWritePaths= with the folder of the editions.
NoNewPrivileges=true
LockPersonality=true
RestrictRealtime=true
SystemCallArchitectures=native"""


def systemd(recipe: Recipe, account: str | None) -> dict[str, str]:
    """The units, by file name.

    Args:
        recipe: what is called.
        account: who the service runs as; None for units of a user's own manager.
    """
    return {f"{recipe.name}.service": _service(recipe, account), f"{recipe.name}.timer": _timer(recipe)}


def _service(recipe: Recipe, account: str | None) -> str:
    parts = [*_head(recipe, account), *_unit(recipe, account), *_call(recipe, account)]
    return "\n".join([*parts, *_rights(recipe, account)]) + "\n"


def _head(recipe: Recipe, account: str | None) -> Iterator[str]:
    yield f"# {recipe.name}.service: prints the briefings that are due. Install it and {recipe.name}.timer:"
    if account is None:
        yield f"#   install -D -m 644 -t ~/.config/systemd/user {recipe.name}.service {recipe.name}.timer"
        yield f"#   systemctl --user daemon-reload && systemctl --user enable --now {recipe.name}.timer"
        yield "#   loginctl enable-linger        so that it also runs while you are not logged in"
        yield f"# Look at it: systemctl --user list-timers; journalctl --user -u {recipe.name}"
    else:
        yield f"#   sudo install -m 644 -t /etc/systemd/system {recipe.name}.service {recipe.name}.timer"
        yield f"#   sudo systemctl daemon-reload && sudo systemctl enable --now {recipe.name}.timer"
        yield f"# Look at it: systemctl list-timers; journalctl -u {recipe.name}"
    if recipe.variables:
        place = "~/.config" if account is None else "/etc"
        yield f"# Deliveries need {', '.join(recipe.variables)}: one NAME=value a line, readable by nobody else, in"
        yield f"#   {place}/chipbrief/{recipe.name}.env"
    yield ""


def _unit(recipe: Recipe, account: str | None) -> Iterator[str]:
    yield "[Unit]"
    yield f"Description=Print the chipbrief briefings that are due ({recipe.name})"
    if account is not None:  # a user's manager does not know these
        yield "Wants=network-online.target"
        yield "After=network-online.target"
        yield f"RequiresMountsFor={' '.join(map(_word, _mounts(recipe)))}"
    yield ""


def _mounts(recipe: Recipe) -> list[str]:
    return list(dict.fromkeys(map(str, (recipe.folder, *recipe.files, *recipe.written))))


def _call(recipe: Recipe, account: str | None) -> Iterator[str]:
    yield "[Service]"
    yield "Type=oneshot"
    if account is not None:
        if account == "root":
            yield "# It needs none of root's rights: better an account of its own, to which the editions belong."
        yield f"User={account.replace('%', '%%')}"
    yield f"WorkingDirectory={_path(recipe.folder)}"
    if account is not None:
        yield "# What is to be written must be there before the rest is made read-only."
        for folder in recipe.written:
            yield f"ExecStartPre=+/bin/sh -c {MAKE} {_argument(str(folder))} {_argument(account)}"
        for folder in recipe.copied_to:
            yield f"ExecStartPre=-+/bin/sh -c {MAKE} {_argument(str(folder))} {_argument(account)}"
    yield f"ExecStart={_command_line(recipe.argv)}"
    yield "# 75: something will be tried again, by a later call."
    yield "SuccessExitStatus=75"
    yield f"TimeoutStartSec={TOO_LONG}"
    yield "Nice=10"
    yield "# Secrets of deliveries, if there are any."
    yield f"EnvironmentFile=-%E/chipbrief/{recipe.name}.env"
    yield f"CacheDirectory={recipe.name}"
    yield f"Environment=XDG_CACHE_HOME=%C/{recipe.name}"


def _command_line(argv: tuple[str, ...]) -> str:
    """The call; a shell gives on to a program whose name systemd does not take. After a colon, `$` is no variable."""
    if AWKWARD & set(argv[0]):
        return f""":/bin/sh -c 'exec "$0" "$@"' {" ".join(map(_word, argv))}"""
    return " ".join(map(_argument, argv))


def _rights(recipe: Recipe, account: str | None) -> Iterator[str]:
    if account is None:
        yield USERS_HARDENING
        return
    written = [_word(str(folder)) for folder in recipe.written]
    # The minus sign, by which a missing folder is no error, stands inside the quotes.
    written += [_word(f"-{folder}") for folder in recipe.copied_to]
    if _in_shared_temporary(recipe):
        yield "# Not PrivateTmp=true: it would hide what lies there. A schedule needs a place that lasts."
        written += map(str, SHARED_TEMPORARY)
    else:
        yield "PrivateTmp=true"
    yield f"ReadWritePaths={' '.join(written)}"
    yield HARDENING


def _in_shared_temporary(recipe: Recipe) -> bool:
    used = [recipe.folder, *recipe.files, *recipe.written, *recipe.copied_to, Path(recipe.command[0])]
    return any(path.is_relative_to(shared) for path in used for shared in SHARED_TEMPORARY)


def _timer(recipe: Recipe) -> str:
    calendar = {1: "*:*", 60: "*:00"}.get(recipe.every, f"*:0/{recipe.every}")
    return f"""\
# {recipe.name}.timer: starts {recipe.name}.service, which finds out what is due, in each schedule's time zone.

[Unit]
Description=Print the chipbrief briefings that are due ({recipe.name})

[Timer]
OnCalendar={calendar}
AccuracySec=15s
# After a time without power, once and at once.
Persistent=true

[Install]
WantedBy=timers.target
"""


# -- quoting --------------------------------------------------------------------------------------------------


def _word(text: str) -> str:
    """One word of a directive that splits its value into words; variables are not replaced there."""
    if PLAIN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def _argument(text: str) -> str:
    """One argument of a command line in which variables are replaced."""
    return _word(text.replace("$", "$$"))


def _path(path: Path) -> str:
    """The value of a directive that takes all of the line as one path, quotes and spaces as they are."""
    text = str(path).replace("%", "%%")
    return f"{text}/" if text.endswith(("\\", " ")) else text  # else the line would go on, or lose its end
