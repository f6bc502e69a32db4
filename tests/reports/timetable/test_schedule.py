"""The schedule of a briefing file: what it says in words, and what is refused, with its place."""

import pytest
from pydantic import ValidationError

from chipbrief_reports.timetable import Schedule


def problems(**fields):
    with pytest.raises(ValidationError) as caught:
        Schedule.model_validate({"cron": "0 7 * * MON", **fields})
    return " | ".join(error["msg"] for error in caught.value.errors())


def test_a_schedule_in_words():
    schedule = Schedule.model_validate(
        {
            "cron": "0 7 * * MON",
            "timezone": "Europe/Berlin",
            "keep": {"editions": "26"},
            "deliver": [
                {"folder": {"path": "out"}},
                {"smtp": {"host": "h", "from": "a@b.c", "to": ["d@e.f", "g@h.i"]}},
            ],
        }
    )
    assert schedule.explain() == (
        "At 07:00 on Monday, Europe/Berlin; of missed slots only the last is printed; a failure is tried again up to 3 "
        "times, first after 5 min; the last 26 editions keep their files; changes are told from 2 % on; each edition goes "
        "to folder to out, smtp to d@e.f and g@h.i"
    )


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("0 7 * *", "expected five fields"),
        ("0 0 7 * * MON", "expected five fields"),
        ("0 7 * * FOO", "Bad day-of-week"),
        ("61 7 * * *", "Bad minute"),
        ("0 0 31 2 *", "Bad day-of-month"),
        ("", "expected five fields"),
    ],
)
def test_a_cron_expression_that_is_none(cron, told):
    assert told in problems(cron=cron)


@pytest.mark.parametrize(("nickname", "cron"), [("@weekly", "0 0 * * 0"), ("@Daily", "0 0 * * *")])
def test_nicknames(nickname, cron):
    assert Schedule(cron=nickname).cron == cron


def test_time_zones():
    assert "did you mean 'Europe/Berlin'?" in problems(timezone="Europe/Berlim")
    assert "unknown time zone '../../etc/passwd'" in problems(timezone="../../etc/passwd")


@pytest.mark.parametrize(
    ("deliver", "told"),
    [
        ({}, "expected one of folder, smtp, webhook, apprise, got none"),
        ({"folder": {"path": "x"}, "webhook": {"url": "https://x.y"}}, "got folder and webhook"),
        ({"webhook": {"url": "ftp://x.y"}}, "expected an http or https address"),
        ({"webhook": {"url": "https://user:pw@x.y"}}, "without a password in it"),
        ({"webhook": {}}, "either url or url_env"),
        ({"webhook": {"url": "https://x.y", "headers": {"X-A": "a\r\nB: c"}}}, "no header that can be sent"),
        ({"smtp": {"host": "h", "from": "a@b.c", "to": ["x"]}}, "expected an e-mail address, got 'x'"),
        ({"smtp": {"host": "h", "from": "a@b.c", "to": ["x@y.z\r\nBcc: q@r.s"]}}, "expected an e-mail address"),
        (
            {"smtp": {"host": "h", "from": "a@b.c", "to": ["x@y.z"], "password": "hunter2"}},
            "a secret has no place in a file",
        ),
        (
            {
                "smtp": {
                    "host": "h",
                    "from": "a@b.c",
                    "to": ["x@y.z"],
                    "user": "u",
                    "password_env": "P",
                    "security": "none",
                }
            },
            "is not sent without encryption",
        ),
        (
            {"webhook": {"url": "https://x.y", "headers": {"Authorization": "Bearer hunter2"}}},
            "a secret has no place in a file",
        ),
        (
            {"webhook": {"url": "https://x.y", "headers_env": {"Authorization": "1"}}},
            "the name of an environment variable",
        ),
        ({"apprise": {"url_env": "1BAD"}}, "expected the name of an environment variable"),
        ({"folder": {"path": "x", "timeout": "1 h"}}, "expected up to 300 s"),
    ],
)
def test_a_delivery_that_cannot_be(deliver, told):
    assert told in problems(deliver=[deliver])
    assert "hunter2" not in problems(deliver=[deliver])


def test_waits_double_and_end_at_a_day():
    retries = Schedule(cron="@daily").retries
    assert [retries.wait_s(n) for n in (1, 2, 3, 20)] == [300.0, 600.0, 1200.0, 86_400.0]


def test_one_recipient_cannot_be_named_twice():
    way = {"host": "h", "from": "a@b.c", "to": ["d@e.f"]}
    assert "smtp:d@e.f would get each edition twice" in problems(deliver=[{"smtp": way}, {"smtp": way | {"host": "i"}}])


def test_the_path_of_an_address_is_not_what_is_remembered():
    schedule = Schedule.model_validate(
        {"cron": "@daily", "deliver": [{"webhook": {"url": "https://hooks.example.com/services/T0/SECRETTOKEN"}}]}
    )
    [recipient] = schedule.deliver[0].recipients
    assert recipient.startswith("webhook:https://hooks.example.com (")
    assert "SECRETTOKEN" not in recipient
    assert "SECRETTOKEN" not in schedule.explain()
