"""The learner's desk: what the course asks, what is done, what comes next."""
