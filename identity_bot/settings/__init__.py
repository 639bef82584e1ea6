"""Settings: all that the operator decides, declared in one module and read in the other."""

from identity_bot.settings.declarations import (
    ENVIRONMENT,
    FILE,
    GitHubApp,
    LeadSettings,
    ObserverSettings,
    Settings,
    TypeSettings,
)
from identity_bot.settings.reading import (
    CONFIG_VARIABLE,
    DEFAULT_FILE,
    check_section,
    examine,
    load,
    stand_alone_problems,
)

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
