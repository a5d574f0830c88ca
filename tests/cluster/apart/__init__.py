"""Clusters of the tests' own: on another engine, from another store, of another name."""
