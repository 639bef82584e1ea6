"""Ask the Identity Team for help from Slack; the ticket is a GitHub issue."""
