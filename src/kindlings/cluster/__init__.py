"""The cluster: engine, kind, images, node image, and who may do what on it."""
