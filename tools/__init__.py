"""What makes, checks and releases the repository; the first three need nothing but Python's standard library."""
