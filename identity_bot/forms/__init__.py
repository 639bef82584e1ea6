"""What is asked: questions, forms, and their limits."""
