"""Tests that need no cluster and take seconds."""
