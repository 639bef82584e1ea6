"""One class for each kind of effect."""
