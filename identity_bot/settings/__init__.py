"""Settings: all that the operator decides, declared in some modules and read in another."""

from identity_bot.settings.declarations import ENVIRONMENT, FILE, GitHubApp, Settings
from identity_bot.settings.reading import (
    CONFIG_VARIABLE,
    DEFAULT_FILE,
    check_section,
    examine,
    load,
    stand_alone_problems,
)
from identity_bot.settings.sections import LeadSettings, ObserverSettings, TypeSettings

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT_FILE",
    "ENVIRONMENT",
    "FILE",
    "GitHubApp",
    "LeadSettings",
    "ObserverSettings",
    "Settings",
    "TypeSettings",
    "check_section",
    "examine",
    "load",
    "stand_alone_problems",
]
