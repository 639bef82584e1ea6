"""Answers before the form: what may already solve a requestor's problem. Pure."""
