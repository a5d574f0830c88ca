"""Clusters of the tests' own: on another engine, from another store, of another name.

All of them are one group of xdist's: a worker makes these clusters one after the other.
"""
