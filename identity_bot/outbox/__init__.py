"""What must happen outside: a queue of effects, and the worker that runs them."""
