"""All that knows GitHub: its API, its webhooks, and what an issue's body holds."""
