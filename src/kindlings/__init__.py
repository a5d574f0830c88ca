"""A Kubernetes course that is a pytest suite."""
