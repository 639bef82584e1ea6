"""A Slack: its Web API, Socket Mode, and what people do in it."""
