"""What an author of the course has: its mutants, and whether the lessons find them."""
