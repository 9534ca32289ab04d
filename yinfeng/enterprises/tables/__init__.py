"""Tables of the enterprise library."""
