"""Everything from source, for machines that reach no registry: Go programs, images, the node image."""
