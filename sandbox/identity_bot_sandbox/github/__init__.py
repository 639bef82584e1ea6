"""The sandbox's GitHub: its REST API, its webhooks, and what people do in it."""
