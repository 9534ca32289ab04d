"""Pages of the enterprise library."""
