"""Start a request type: a package with a module, its tests and a README, also from a GitHub issue form."""
