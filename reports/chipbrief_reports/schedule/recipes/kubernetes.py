"""A CronJob with its claim and its briefings. Fields: the API reference of Kubernetes 1.37, batch/v1 and v1."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from chipbrief_reports.schedule.recipes.recipe import TOO_LONG, Recipe, every_in_cron

__all__ = ["kubernetes"]

EDITIONS, BRIEFINGS, HOME = PurePosixPath("/editions"), PurePosixPath("/briefings"), "/home/chipbrief"
NOBODY = 65532  # the number that images without a root user use
MOST_BYTES = 900_000  # a ConfigMap holds 1 MiB, names and keys included
KEY = re.compile(r"[^-._a-zA-Z0-9]")
RESOURCES = {"requests": {"cpu": "1", "memory": "600Mi"}, "limits": {"cpu": "1", "memory": "1200Mi"}}
CALL = 'code=0; "$@" || code=$?; [ "$code" -eq 75 ] && exit 0; exit "$code"'
Object = dict[str, Any]


def kubernetes(recipe: Recipe, image: str) -> dict[str, str]:
    """The manifest, by file name.

    Args:
        recipe: what is called.
        image: an image with chipbrief in it.
    """
    place = _place(recipe)
    files = {path.relative_to(place).as_posix(): content for path, content in sorted(recipe.contents.items())}
    keys = _keys(files)
    data = _data(files, keys)
    held = sum(map(len, (*data["data"].values(), *data["binaryData"].values())))
    fits = held <= MOST_BYTES
    parts = [_head(recipe, fits), _text(_claim(recipe, "editions", "5Gi"))]
    parts.append(_text(_config_map(recipe, data) if fits else _claim(recipe, "briefings", "1Gi")))
    parts.append(_text(_cron_job(recipe, image, place, keys if fits else None)))
    return {f"{recipe.name}.yaml": "---\n".join(parts)}


def _place(recipe: Recipe) -> Path:
    """The folder above all that is read."""
    return Path(os.path.commonpath([recipe.folder, *(path.parent for path in recipe.contents)]))


def _inside(place: Path, path: Path) -> str:
    """Where a path of this machine lies in the container."""
    return str(BRIEFINGS / path.relative_to(place).as_posix())


def _head(recipe: Recipe, fits: bool) -> str:
    lines = [
        f"# {recipe.name}: prints the briefings that are due, each in its schedule's own time zone. Try, then use it:",
        f"#   kubectl apply --dry-run=server -f {recipe.name}.yaml && kubectl apply -f {recipe.name}.yaml",
        "# The editions are on a claim: a disk of one node and no network share, for SQLite and the locks of files.",
    ]
    if fits:
        lines.append("# The briefings are in the ConfigMap: after a change of them, export and apply again.")
    else:
        lines.append(
            f"# The briefings are more than a ConfigMap holds: copy them to the claim {recipe.name}-briefings."
        )
    if recipe.variables:
        given = " ".join(f"--from-literal={name}=..." for name in recipe.variables)
        lines.append(
            "# Deliveries need secrets; without them the editions are printed, and delivered once they are there:"
        )
        lines.append(f"#   kubectl create secret generic {recipe.name} {given}")
    if recipe.apprise:
        lines.append("# A delivery needs apprise in the image: pip install 'chipbrief[apprise]'.")
    lines += [
        f"# A delivery writes to {folder}: mount a volume, and name its path in the schedule."
        for folder in recipe.copied_to
    ]
    return "\n".join(lines) + "\n"


def _metadata(recipe: Recipe, suffix: str = "") -> Object:
    labels = {"app.kubernetes.io/name": "chipbrief", "app.kubernetes.io/instance": recipe.name}
    return {"name": f"{recipe.name}{suffix}", "labels": labels}


def _claim(recipe: Recipe, what: str, size: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(recipe, f"-{what}"),
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }


# -- the briefings --------------------------------------------------------------------------------------------


def _keys(files: Mapping[str, bytes]) -> dict[str, str]:
    """A key for each file: one may hold no slash, and the file gets its name back where it is mounted."""
    keys: dict[str, str] = {}
    for name in files:
        key = base = KEY.sub("_", name).lstrip(".")[-200:] or "_"
        number = 1
        while key in keys.values():
            number += 1
            key = f"{number}-{base}"
        keys[name] = key
    return keys


def _data(files: Mapping[str, bytes], keys: Mapping[str, str]) -> dict[str, dict[str, str]]:
    text: dict[str, str] = {}
    binary: dict[str, str] = {}
    for name, content in files.items():
        try:
            text[keys[name]] = content.decode()
        except UnicodeDecodeError:
            binary[keys[name]] = base64.b64encode(content).decode()
    return {"data": text, "binaryData": binary}


def _config_map(recipe: Recipe, data: dict[str, dict[str, str]]) -> Object:
    filled = {kind: entries for kind, entries in data.items() if entries}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(recipe, "-briefings"), **filled}


# -- the job --------------------------------------------------------------------------------------------------


def _cron_job(recipe: Recipe, image: str, place: Path, keys: Mapping[str, str] | None) -> Object:
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": NOBODY,
            "runAsGroup": NOBODY,
            "fsGroup": NOBODY,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(recipe, image, place)],
        "volumes": _volumes(recipe, keys),
    }
    job = {
        "backoffLimit": 0,  # the next call tries again, and knows when
        "activeDeadlineSeconds": TOO_LONG,
        "ttlSecondsAfterFinished": 86_400,
        "template": {"metadata": {"labels": _metadata(recipe)["labels"]}, "spec": pod},
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": _metadata(recipe),
        "spec": {
            "schedule": every_in_cron(recipe.every),
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": recipe.every * 60,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": job},
        },
    }


def _container(recipe: Recipe, image: str, place: Path) -> Object:
    files = [_inside(place, path) for path in recipe.files]
    call = ["chipbrief", "schedule", "tick", *files, "--editions", str(EDITIONS)]
    return {
        "name": "tick",
        "image": image,
        "command": ["/bin/sh", "-c", CALL, "sh"],  # 75, which is tried again, would count as a failed job
        "args": [_literal(word) for word in call],
        "workingDir": _inside(place, recipe.folder),
        "env": [{"name": "HOME", "value": HOME}, *(_secret(recipe, name) for name in recipe.variables)],
        "resources": RESOURCES,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "editions", "mountPath": str(EDITIONS)},
            {"name": "briefings", "mountPath": str(BRIEFINGS), "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - in the container, and its own
            {"name": "home", "mountPath": HOME},
        ],
    }


def _literal(word: str) -> str:
    """A word in which Kubernetes replaces no $(VARIABLE)."""
    return word.replace("$(", "$$(")


def _secret(recipe: Recipe, name: str) -> Object:
    key = {"name": recipe.name, "key": name, "optional": True}
    return {"name": name, "valueFrom": {"secretKeyRef": key}}


def _volumes(recipe: Recipe, keys: Mapping[str, str] | None) -> list[Object]:
    briefings: Object = {"persistentVolumeClaim": {"claimName": f"{recipe.name}-briefings", "readOnly": True}}
    if keys is not None:
        items = [{"key": key, "path": path} for path, key in keys.items()]
        briefings = {"configMap": {"name": f"{recipe.name}-briefings", "items": items}}
    return [
        {"name": "editions", "persistentVolumeClaim": {"claimName": f"{recipe.name}-editions"}},
        {"name": "briefings", **briefings},
        {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
        {"name": "home", "emptyDir": {"sizeLimit": "256Mi"}},
    ]


# -- as text --------------------------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, and no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the name is PyYAML's
        return True


def _lines(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _lines)


def _text(document: Object) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
