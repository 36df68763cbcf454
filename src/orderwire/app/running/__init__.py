"""A sync at work: worker processes, what each does, and what is known of them."""
