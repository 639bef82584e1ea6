"""Answers before the form: what may already solve a requestor's problem, and how it is found."""
