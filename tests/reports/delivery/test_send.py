"""One way in: who is a recipient, what is loaded, and what the documentation says."""

from __future__ import annotations

import hashlib
import hmac
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from chipbrief_reports import delivery as package
from chipbrief_reports.delivery import DeliveryError, Parcel, folder, send
from chipbrief_reports.delivery.masking import masked, one_line, secrets_of
from chipbrief_reports.delivery.webhook import document, signature
from chipbrief_reports.timetable import ByApprise, ByMail, ByWebhook, Delivery, Schedule, ToFolder

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs/delivery.md").read_text()


def test_a_stranger_gets_nothing(parcel: Parcel, tmp_path: Path) -> None:
    delivery = Delivery.model_validate({"folder": {"path": "share"}})
    with pytest.raises(DeliveryError, match="folder:other is none of the recipients"):
        send(delivery, "folder:other", parcel, base=tmp_path, environment={})
    assert not (tmp_path / "share").exists()


def test_whatever_goes_wrong_is_a_delivery_error_without_its_words(
    parcel: Parcel, fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(folder, "deliver", broken)
    assert fails({"folder": {"path": "share"}}, parcel) == "it cannot be sent (RuntimeError)"


def test_to_import_the_package_loads_no_protocol() -> None:
    heavy = ("apprise", "email", "http.client", "pandas", "pydantic", "requests", "smtplib", "ssl")
    code = f"import sys, chipbrief_reports.delivery; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_all_is_what_there_is() -> None:
    assert all(hasattr(package, name) for name in package.__all__)


@pytest.mark.parametrize(
    ("text", "secrets", "expected"),
    [
        ("abc", (), "abc"),
        ("abc", ("",), "abc"),
        ("key=Abc&abcdef", ("abc", "abcdef"), "key=***&***"),
        ("a.c abc", ("a.c",), "*** abc"),
    ],
)
def test_masking_takes_the_longest_in_any_case(text: str, secrets: tuple[str, ...], expected: str) -> None:
    assert masked(text, secrets) == expected


def test_an_address_is_masked_in_parts_and_decoded_but_for_its_scheme() -> None:
    way = ByWebhook(url_env="URL")
    found = secrets_of(way, {"URL": "https://hooks.example.com:8443/T0ken%2F1/v1?sig=a%20b%20c"})
    assert {"hooks.example.com", "8443", "T0ken%2F1", "T0ken"} <= found
    assert not {"https", "v1"} & found


def test_one_line_has_nothing_that_a_terminal_obeys() -> None:
    assert one_line("a\x1b[31m\r\n\tb\u202ec\u2028d") == "a [31m b c d"


# -- the documentation ----------------------------------------------------------------------------------------


def test_the_example_is_a_schedule_that_is_accepted() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    schedule = Schedule.model_validate(yaml.safe_load(example)["schedule"])
    assert [way.kind for way in schedule.deliver] == ["folder", "smtp", "webhook", "webhook", "apprise"]
    assert [way.failures for way in schedule.deliver] == [False, True, True, False, False]


def test_every_option_stands_in_the_table() -> None:
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", DOCS, re.MULTILINE)
    told = {(name, of) for names, ofs in rows for name in re.findall(r"`(\w+)`", names) for of in ofs.split(", ")}
    for kind, model in (("folder", ToFolder), ("smtp", ByMail), ("webhook", ByWebhook), ("apprise", ByApprise)):
        for name, field in model.model_fields.items():
            of = "every way" if name == "timeout" else f"`{kind}`"
            assert (field.alias or name, of) in told


def test_the_document_has_the_fields_that_are_told(parcel: Parcel) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    told: dict[str, Any] = yaml.safe_load(example)
    sent = document(parcel)
    assert list(told) == list(sent)
    assert told["files"][0].keys() == sent["files"][0].keys()


def test_the_receiver_of_the_documentation_tells_genuine_from_forged() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    stamp, body = str(int(time.time())), b'{"event": "edition"}'
    headers = {"X-Chipbrief-Timestamp": stamp, "X-Chipbrief-Signature": f"sha256={signature('key', stamp, body)}"}
    assert names["genuine"](b"key", headers, body)
    assert not names["genuine"](b"other", headers, body)
    assert not names["genuine"](b"key", headers, body + b" ")
    old = str(int(time.time()) - 1000)
    signed = hmac.new(b"key", f"{old}.".encode() + body, hashlib.sha256).hexdigest()
    assert not names["genuine"](
        b"key", {"X-Chipbrief-Timestamp": old, "X-Chipbrief-Signature": f"sha256={signed}"}, body
    )
