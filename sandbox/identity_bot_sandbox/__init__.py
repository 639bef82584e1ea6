"""A small server that speaks Slack's and GitHub's protocols, so that the unchanged bot can be tried and tested."""
