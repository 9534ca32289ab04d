"""Filters of the enterprise library, for pages, exports and the API alike."""
