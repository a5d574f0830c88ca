"""`kindlings watch`: what is saved is judged at once, with the lab's Pods beside it."""
