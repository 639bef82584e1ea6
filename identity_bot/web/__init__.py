"""HTTP: the endpoints, the request bodies they take, the figures they give, and the server of `run`."""
