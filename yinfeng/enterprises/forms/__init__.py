"""Forms of the enterprise library."""
