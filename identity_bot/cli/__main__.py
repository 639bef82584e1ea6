"""`python -m identity_bot.cli` is `identity-bot`."""

from identity_bot.cli import main

main()
