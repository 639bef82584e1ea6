"""The use cases: requests come in, tickets follow their issues, people are told."""
