"""What a ticket is: its values, its lifecycle, and the commands that change it."""
