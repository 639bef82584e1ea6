"""A plugin is found by being installed and is called for its own tickets only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from pytest_mock import MockerFixture

from identity_bot import IssueDraft, ObserverSettings, Ticket, TypeSettings, hookimpl, settings
from identity_bot.errors import PluginError, SettingsError
from identity_bot.plugins import loader as plugins
from identity_bot.plugins.loader import Plugins
from identity_bot.settings.service_levels import ServiceLevelSettings
from identity_bot.text.privacy import Additions
from identity_bot.tickets.rota import Turns
from tests.support_plugins import (
    ANSWERS,
    COFFEE,
    CREATED,
    JUNIPER,
    SENSITIVE,
    SETTINGS,
    coffee,
    found,
    module,
    shipped_folders,
    ticket,
)

ROOT = Path(__file__).resolve().parents[2]


def test_two_plugins_of_one_name_stop_the_bot_with_both_named(
    in_force: Callable[..., settings.Settings],
) -> None:
    twins = [found("coffee", coffee(), "barista 1.0"), found("coffee", coffee(), "roaster 2.0")]

    with pytest.raises(PluginError) as refused:
        plugins.load(in_force(), [*twins, found("tea", coffee())])

    assert str(refused.value) == (
        "two plugins have the name 'coffee': barista 1.0 and roaster 2.0; uninstall one of them"
    )


@pytest.mark.parametrize("name", ["queue", "mine", "search", "help", "link", "unlink"])
def test_a_type_may_not_have_the_name_of_a_word_after_the_command(
    in_force: Callable[..., settings.Settings], name: str
) -> None:
    loaded = plugins.load(in_force(), [found(name, coffee()), found("tea", coffee())])

    assert list(loaded.types) == ["tea"]
    assert "is a word of the command; choose another name" in str(loaded.skipped[0])


# Settings of a type


class CoffeeSettings(TypeSettings):
    beans = fields.String(required=True, metadata={"expected": "the kind of beans"})
    cups = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 9))
    key = fields.String(load_only=True, validate=validate.Length(8))


def test_a_types_hooks_get_its_own_settings_over_those_of_all(load: Callable[..., Plugins]) -> None:
    asked: list[Mapping[str, Any]] = []
    plugin = module(
        form=lambda settings: asked.append(settings) or COFFEE, settings_schema=lambda: CoffeeSettings
    )

    loaded = load('[request_types.coffee]\nbeans = "arabica"\nlabels = ["hot"]', coffee=plugin)

    assert asked == [
        {
            "repository": "octo/identity-requests",
            "restricted_repository": None,
            "labels": ["hot"],
            "leads": [{"slack": "U0LEAD", "github": "lead"}],
            "rota": [],
            "rota_turns": Turns.WEEKLY,
            "away": (),
            "messages": {},
            "conversation": True,
            "people": ({"slack": "U0LEAD", "github": "lead"},),
            "privacy": Additions(),
            "service_levels": ServiceLevelSettings().load({}),
            "beans": "arabica",
            "cups": 1,
        }
    ]
    assert loaded.types["coffee"].settings == asked[0]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("", ["request_types.coffee.beans: missing; expected the kind of beans"]),
        ("beans = 5", ["request_types.coffee.beans: found 5; expected the kind of beans"]),
        (
            "beans = 'x'\ncups = 0\nlabel = []",
            [
                "request_types.coffee.cups: found 0; Must be greater than or equal to 1 and less than or equal to 9.",
                "request_types.coffee.label: unknown setting; did you mean 'labels'?",
            ],
        ),
        ("beans = 'x'\nkey = 'secret'", ["request_types.coffee.key: Shorter than minimum length 8."]),
        (
            "beans = 'x'\nrepository = 'x'",
            ['request_types.coffee.repository: found "x"; expected "owner/name" of a repository'],
        ),
    ],
)
def test_a_types_section_is_checked_by_its_own_schema(
    load: Callable[..., Plugins], section: str, said: list[str]
) -> None:
    plugin = coffee(settings_schema=lambda: CoffeeSettings)

    with pytest.raises(SettingsError) as refused:
        load(f"[request_types.coffee]\n{section}", coffee=plugin)

    assert list(refused.value.problems) == said


def test_all_sections_that_do_not_fit_are_told_at_once(load: Callable[..., Plugins]) -> None:
    with pytest.raises(SettingsError) as refused:
        load(
            "[request_types.coffee]\nlabls = []\n[request_types.pr-review]\n[request_types.audit]\n",
            coffee=coffee(),
            audit=module(notify=lambda: None),
        )

    assert str(refused.value).splitlines() == [
        "settings: request_types.coffee.labls: unknown setting; did you mean 'labels'?",
        "settings: request_types.pr-review: no request type 'pr-review'; installed: coffee",
        "settings: request_types.audit: the plugin 'audit' is an observer; expected observers.audit",
    ]


def test_the_section_of_a_type_that_is_skipped_can_stay(load: Callable[..., Plugins]) -> None:
    assert load("[request_types.coffee]\nbeans = 1", coffee=ImportError("x")).skipped


def test_a_schema_need_not_inherit_and_still_has_what_every_type_has(load: Callable[..., Plugins]) -> None:
    class Own(Schema):
        beans = fields.String(load_default="arabica")

    loaded = load(coffee=coffee(settings_schema=lambda: Own))

    assert loaded.types["coffee"].settings["repository"] == "octo/identity-requests"
    assert loaded.types["coffee"].settings["beans"] == "arabica"


def test_every_repository_is_known_with_what_goes_there(load: Callable[..., Plugins]) -> None:
    more = """
        restricted_repository = "octo/restricted"
        [request_types.coffee]
        repository = "Octo/Coffee"
        restricted_repository = "octo/IDENTITY-requests"
        """

    found = load(more, tea=coffee(SENSITIVE), coffee=coffee()).repositories

    assert {key: one.name for key, one in found.items()} == {
        "octo/identity-requests": "octo/identity-requests",
        "octo/restricted": "octo/restricted",
        "octo/coffee": "Octo/Coffee",
    }
    assert [key for key, one in found.items() if one.is_restricted] == ["octo/restricted"]
    assert found["octo/identity-requests"].uses == (
        plugins.Use(type="", is_sensitive=False),
        plugins.Use(type="coffee", is_sensitive=True),
        plugins.Use(type="tea", is_sensitive=False),
    )


def test_sensitive_tickets_go_where_the_others_go_if_no_repository_is_restricted(
    load: Callable[..., Plugins],
) -> None:
    [only_one] = load(tea=coffee(SENSITIVE)).repositories.values()

    assert plugins.Use(type="tea", is_sensitive=True) in only_one.uses
    assert not only_one.is_restricted


# Who is called for which ticket


def test_hooks_are_called_for_their_own_types_tickets_and_observers_for_all(
    load: Callable[..., Plugins],
) -> None:
    heard: list[tuple[str, str]] = []

    def listening(name: str) -> dict[str, Any]:
        def validate(answers: Any) -> None:
            heard.append((name, "validate"))

        def render_issue(ticket: Ticket) -> None:
            heard.append((name, "render_issue"))

        def notify(ticket: Ticket) -> None:
            heard.append((name, "notify"))

        return {"validate": validate, "render_issue": render_issue, "notify": notify}

    loaded = load(
        audit=module(**listening("audit")),
        coffee=coffee(**listening("coffee")),
        tea=coffee(**listening("tea")),
        zebra=module(**listening("zebra")),
    )
    for name in ("coffee", "tea"):
        request_type = loaded.types[name]
        request_type.validate(ANSWERS, JUNIPER)
        request_type.render_issue(ticket(type=name))
        request_type.notify(ticket(type=name), CREATED)

    assert set(loaded.types) == {"coffee", "tea"}
    for name in ("coffee", "tea"):
        assert [hook for who, hook in heard if who == name] == ["validate", "render_issue", "notify"]
    for name in ("audit", "zebra"):
        assert [hook for who, hook in heard if who == name] == ["validate", "render_issue", "notify"] * 2


def test_a_hook_under_another_name_is_scoped_too(load: Callable[..., Plugins]) -> None:
    sneaky = SimpleNamespace(
        form=hookimpl(lambda: COFFEE),
        mine=hookimpl(specname="render_issue")(lambda: IssueDraft(title="X", body="")),
    )

    loaded = load(sneaky=sneaky, tea=coffee())

    assert loaded.types["sneaky"].render_issue(ticket()).title == "X"
    assert loaded.types["tea"].render_issue(ticket()).title == "Coffee: Benefits"


def test_a_types_own_word_comes_before_an_observers(load: Callable[..., Plugins]) -> None:
    loaded = load(
        coffee=coffee(render_issue=lambda: IssueDraft(title="Own", body="")),
        tea=coffee(),
        zebra=module(render_issue=lambda: IssueDraft(title="Observed", body="")),
    )

    assert loaded.types["coffee"].render_issue(ticket()).title == "Own"
    assert loaded.types["tea"].render_issue(ticket()).title == "Observed"


class AuditSettings(ObserverSettings):
    file = fields.String(required=True, metadata={"expected": "the path of a file"})


def test_an_observers_schema_and_section_are_its_own(load: Callable[..., Plugins]) -> None:
    audit = module(settings_schema=lambda: AuditSettings, deliver=lambda: None)

    loaded = load('[observers.audit]\nfile = "audit.csv"', audit=audit, coffee=coffee())

    assert set(loaded.types) == {"coffee"}
    assert "file" not in loaded.types["coffee"].settings
    assert loaded.sinks["audit"].settings == {"file": "audit.csv", "sensitive_answers": False}


@pytest.mark.parametrize("more", [{}, {"settings_schema": lambda: None}])
def test_an_observer_without_a_schema_has_the_common_settings(
    load: Callable[..., Plugins], more: dict[str, Any]
) -> None:
    loaded = load("[observers.audit]\nsensitive_answers = true", audit=module(deliver=lambda: None, **more))

    assert loaded.sinks["audit"].settings == {"sensitive_answers": True}


def test_everything_wrong_with_the_sections_of_observers_is_told_at_once(
    load: Callable[..., Plugins],
) -> None:
    audit = module(settings_schema=lambda: AuditSettings, deliver=lambda: None)

    with pytest.raises(SettingsError) as refused:
        load(
            "[observers.audit]\nfiel = 1\n[observers.coffee]\n[observers.gone]\n",
            audit=audit,
            coffee=coffee(),
            zebra=module(notify=lambda: None),
        )

    assert str(refused.value).splitlines() == [
        "settings: observers.audit.file: missing; expected the path of a file",
        "settings: observers.audit.fiel: unknown setting; did you mean 'file'?",
        "settings: observers.coffee: the plugin 'coffee' is a request type; expected request_types.coffee",
        "settings: observers.gone: no observer 'gone'; installed: zebra",
    ]


def test_the_section_of_an_observer_that_is_skipped_can_stay(load: Callable[..., Plugins]) -> None:
    assert load("[observers.audit]\nfile = 1", audit=ImportError("x")).skipped


def test_events_go_to_the_plugins_that_implement_deliver(load: Callable[..., Plugins]) -> None:
    """An observer gets those of all types, a request type those of its own tickets."""
    loaded = load(
        audit=module(deliver=lambda: None),
        coffee=coffee(deliver=lambda: None),
        tea=coffee(),
        zebra=module(notify=lambda: None),
    )

    wanting = {
        type_name: [name for name, sink in loaded.sinks.items() if sink.wants(ticket(type=type_name))]
        for type_name in ("coffee", "tea", "gone", "")
    }

    assert wanting == {"coffee": ["audit", "coffee"], "tea": ["audit"], "gone": ["audit"], "": ["audit"]}
    assert loaded.sinks["coffee"].settings == loaded.types["coffee"].settings


def test_the_plugins_of_this_repository_are_installed_and_whole(
    in_force: Callable[..., settings.Settings],
) -> None:
    mine = {path.name for path in shipped_folders()}

    loaded = plugins.load(in_force(), [one for one in plugins.find() if one.name in mine])

    assert set(loaded.types) == mine == {"data_pull", "mock_auth", "pr_review"}
    assert loaded.skipped == ()


# Real packages


PACKAGE = {
    "pyproject.toml": '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n',
    "setup.cfg": """\
[metadata]
name = identity-bot-{name}
version = 1.5

[options]
py_modules = identity_bot_{name}

[options.entry_points]
identity_bot =
    {name} = identity_bot_{name}
""",
}
GOOD = """\
from identity_bot import Form, ShortText, hookimpl

@hookimpl
def form():
    return Form(title="Coffee", questions=[ShortText(name="size", label="Size")])
"""
REPORT = """\
import json, sys
from pathlib import Path
from identity_bot import settings
from identity_bot.text.privacy import Additions
from identity_bot.plugins import loader as plugins
loaded = plugins.load(settings.load(Path(sys.argv[1]), {"GITHUB_TOKEN": "x"}), plugins.find())
print(json.dumps({"types": sorted(loaded.types), "skipped": [str(one) for one in loaded.skipped]}))
"""


def package(folder: Path, name: str, code: str) -> Path:
    """The source of a request type's package, in a folder of its own."""
    source = folder / name
    source.mkdir()
    for file, text in PACKAGE.items():
        (source / file).write_text(text.format(name=name) if file == "setup.cfg" else text, encoding="utf-8")
    (source / f"identity_bot_{name}.py").write_text(code, encoding="utf-8")
    return source


def pip_install(target: Path, *sources: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    command = [*pip, "--no-deps", "--no-build-isolation", "--target", str(target), *map(str, sources)]
    subprocess.run(command, check=True, timeout=120)


def installed(target: Path, folder: Path) -> dict[str, Any]:
    """What a new Python finds that has these packages too."""
    file = folder / "identity-bot.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(target), str(ROOT)])}
    command = [sys.executable, "-c", REPORT, str(file)]
    done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True, timeout=60)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_installing_a_package_is_all_it_takes(tmp_path: Path) -> None:
    """One good package and one that cannot be imported, from any folder."""
    target = tmp_path / "target"
    sources = [
        package(tmp_path, "coffee", GOOD),
        package(tmp_path, "cocoa", "import there_is_no_such_module\n"),
    ]

    before = installed(target, tmp_path)
    pip_install(target, *sources)
    after = installed(target, tmp_path)

    assert set(after["types"]) - set(before["types"]) == {"coffee"}
    assert after["skipped"][-1:] == [
        "plugin 'cocoa' (identity-bot-cocoa 1.5): cannot be imported: "
        "ModuleNotFoundError: No module named 'there_is_no_such_module' (identity_bot_cocoa.py:1)",
    ]


def test_the_tests_see_no_other_type_though_one_is_installed(tmp_path: Path, mocker: MockerFixture) -> None:
    """Else whoever develops a type of their own would see tests of ours fail."""
    described = tmp_path / "identity_bot_coffee-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Name: identity-bot-coffee\nVersion: 1.0\n", encoding="utf-8")
    (described / "entry_points.txt").write_text("[identity_bot]\ncoffee = coffee\n", encoding="utf-8")
    mocker.patch.object(sys, "path", [*sys.path, str(tmp_path)])

    installed = {point.name for point in entry_points(group="identity_bot")}
    seen = {one.name for one in plugins.find()}

    assert installed >= {"coffee", "pr_review"}
    assert seen == {folder.name for folder in shipped_folders()}
