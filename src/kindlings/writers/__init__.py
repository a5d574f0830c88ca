"""Forms of what came out: the message a learner reads, and a file for each grading format."""
