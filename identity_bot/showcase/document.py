"""A showcase as plain JSON: Block Kit that Slack's Block Kit Builder takes, and the issue as GitHub gets it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from identity_bot.plugins.loader import SkippedPlugin
from identity_bot.showcase.life import BEGINNING, NAMES
from identity_bot.showcase.values import Kind, Life, Moment, Showcase

Json = dict[str, Any]
HOUR = 3600.0


def document(case: Showcase) -> Json:
    """One request type; `messages` belong to a usual ticket, and the other kinds stand under their names."""
    lives = {life.kind: _life(life) for life in case.lives}
    others = {kind.value: life for kind, life in lives.items() if kind is not Kind.USUAL}
    return {
        "name": case.name,
        "title": case.title,
        "description": case.description,
        "form": case.form,
        "form_with_answers": [
            {"when": one.when, "adds": list(one.labels), "view": one.view} for one in case.branches
        ],
        **lives[Kind.USUAL],
        **others,
        "failures": list(case.failures),
    }


def gallery(cases: Iterable[Showcase], skipped: Iterable[SkippedPlugin]) -> Json:
    """All installed request types, the skipped plugins, the names of the people, and when it is looked at."""
    return {
        "types": [document(case) for case in cases],
        "skipped": [{"name": one.name, "reason": str(one)} for one in skipped],
        "people": dict(NAMES),
        "at": BEGINNING + HOUR,
    }


def _life(life: Life) -> Json:
    issue = life.issue
    return {
        "issue": {
            "repository": issue.repository,
            "title": issue.title,
            "body": issue.body,
            "labels": list(issue.labels),
            "assignees": list(issue.assignees),
        }
        if issue
        else None,
        "messages": [message for moment in life.moments for message in _messages(moment)],
        "issue_history": [
            {
                "event": _event(moment),
                "by": moment.by,
                "labels": list(moment.labels),
                "assignees": list(moment.assignees),
                "comments": list(moment.comments),
            }
            for moment in life.moments
        ],
        "problems": list(life.problems),
    }


def _messages(moment: Moment) -> list[Json]:
    return [
        {
            "event": _event(moment),
            "by": moment.by,
            "to": one.to,
            "where": one.where,
            "text": one.text,
            "blocks": list(one.blocks),
        }
        for one in moment.messages
    ]


def _event(moment: Moment) -> str:
    """What happened; several events of one moment are told together."""
    return ", ".join(moment.events)
