"""The page on which one can be everybody."""
