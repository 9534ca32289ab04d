"""The enterprise library over the API."""
