"""Tests of request types and observers, for their authors: a check of everything, and a desk on stand-ins.

With pytest, the fixtures `desk` and `sandbox` come by themselves where the bot is installed.
"""

from identity_bot.errors import Invalid, PluginError, SettingsError
from identity_bot.standins import OWN_COMMENTS, Clock, MemoryChat, MemoryCode, MemoryTracker, Posted, patched
from identity_bot.testing.check import check_request_type
from identity_bot.testing.desk import MemoryDesk

__all__ = [
    "OWN_COMMENTS",
    "Clock",
    "Invalid",
    "MemoryChat",
    "MemoryCode",
    "MemoryDesk",
    "MemoryTracker",
    "PluginError",
    "Posted",
    "SettingsError",
    "check_request_type",
    "patched",
]
