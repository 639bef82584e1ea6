"""The showcase: one request type's whole life with sample answers, for plugin authors without Slack or GitHub."""
