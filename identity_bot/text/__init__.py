"""What people typed, made safe to show: Markdown, mrkdwn, and the search for personal data."""
