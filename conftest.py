"""What pytest need not look into: the course's plugin comes by the package's entry point, not from here."""

collect_ignore = ["solutions", "bench", "images", "node-image", "src"]
