"""The alarms of the whole account."""

from collections.abc import Collection, Iterator, Mapping

from components.alarm import DAY, Alarm, percent
from components.events import Event
from components.metrics import ACCOUNT, Metric, Watched, of_other_set, of_set
from components.reputation import BOUNCES, COMPLAINTS, Judged, rate_alarms

MOST_SETS_TOGETHER = 9
"""Sets in one expression: it takes ten metrics, and the account's own is one."""

QUOTA_SHARE = 0.8
"""Share of the daily quota from which on an alarm tells of it."""

INSIDE = 0.98
"""Share of the account's mails that has to carry a known set. The account's own count
is approximate (SES developer guide, retrieving event data from CloudWatch)."""


def account_alarms(watched: Watched) -> Iterator[Alarm]:
    """Rates, quota, and mail outside every set; none where no account is watched."""
    account = watched.get("account")
    if account is None:
        return
    judged = Judged(
        ACCOUNT,
        "the whole account",
        "If that takes time, pause what sends before AWS does. The charts"
        f' "{BOUNCES.chart}" and "{COMPLAINTS.chart}" of the dashboard show the rates of'
        " sets.",
        kept=_kept(watched),
    )
    yield from rate_alarms(judged, watched["bounce_rate"], watched["complaint_rate"])
    quota = account.get("daily_quota")
    if quota is not None:
        yield _daily_quota(quota)
    others = account.get("other_sets", ())
    metrics = {name: each["metrics"] for name, each in watched["sets"].items()}
    if not why_outside_is_not_watched(metrics, others):
        yield _outside_every_set(metrics, others, _kept(watched))


def _kept(watched: Watched) -> set[Event]:
    """Events that the saved queries find of any set."""
    return {
        event for each in watched["sets"].values() for event in each.get("kept", ())
    }


def _daily_quota(quota: int) -> Alarm:
    limit = quota * QUOTA_SHARE
    return Alarm(
        "daily-quota",
        (Metric("send", "Send", "Sum", ACCOUNT),),
        limit,
        f"The account sent {limit:,.10g} mails or more within 24 hours, which is"
        f" {percent(QUOTA_SHARE)} of its quota of {quota:,}; at the quota SES refuses"
        " every further mail. Hold back what can wait, and ask AWS for more (Service"
        " Quotas, SES, sending quota). SES counts each recipient of a mail; this"
        " alarm counts mails. When the quota has changed, state it anew in"
        " monitoring.account.dailyQuota.",
        period=DAY,
    )


def why_outside_is_not_watched(
    metrics: Mapping[str, Collection[Event]], others: Collection[str]
) -> list[str]:
    """Why mail outside every set cannot be watched, a reason each; none where it can.

    `metrics` has the counted events of each set of the stack, `others` the names of the
    sets of other stacks.
    """
    number = len(metrics) + len(others)
    reasons = []
    if number == 0:
        reasons.append(
            "no set is known: this stack has none, and otherConfigurationSets names none"
        )
    if number > MOST_SETS_TOGETHER:
        reasons.append(
            f"{number} sets are more than the {MOST_SETS_TOGETHER} that an alarm can take"
        )
    for name, counted in metrics.items():
        if Event.SEND not in counted:
            reasons.append(f"the metrics of {name} lack send")
    return reasons


def _outside_every_set(
    sets: Collection[str], others: Collection[str], kept: Collection[Event]
) -> Alarm:
    subjects = [*map(of_set, sets), *map(of_other_set, others)]
    of_sets = [
        Metric(f"set{number}", "Send", "Sum", subject)
        for number, subject in enumerate(subjects, 1)
    ]
    inside = " + ".join(f"FILL({metric.id},0)" for metric in of_sets)
    seen = (
        'Compare the senders in saved query "senders-by-configuration-set" with what'
        " should send"
        if kept
        else "Go through what should send"
    )
    return Alarm(
        "outside-every-set",
        (Metric("all", "Send", "Sum", ACCOUNT), *of_sets),
        1,
        f"On a day (UTC) more than {percent(1 - INSIDE)} of the account's mails carried"
        " none of the known configuration sets. No event of them is counted or kept, and"
        " no set's alarm sees them. Often a mail server or a library no longer adds the"
        f" header X-SES-CONFIGURATION-SET. {seen}, and give each identity a default set."
        " A set of another stack has to be named in"
        " monitoring.account.otherConfigurationSets, and to count send.",
        expression=f"IF({inside} < {INSIDE} * FILL(all,0), 1, 0)",
        period=DAY,
        by_clock=True,
    )
