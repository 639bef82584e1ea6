"""The story that the demo plays."""
