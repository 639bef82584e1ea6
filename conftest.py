"""The fixtures that plugins' authors get, for the plugins here; where the bot is installed, pytest has them already."""

pytest_plugins = ("identity_bot_pytest",)
