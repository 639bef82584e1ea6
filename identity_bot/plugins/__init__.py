"""Request types and observers: the hooks, their defaults, and how plugins are found and checked."""
