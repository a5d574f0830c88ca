"""Grades what learners hand in, as hostile input: trusted runs over it, one learner or a whole class."""
