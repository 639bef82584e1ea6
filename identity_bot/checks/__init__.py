"""What `identity-bot check` looks at."""
