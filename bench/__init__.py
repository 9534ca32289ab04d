"""Measures pages of the product against a bare Django view on the same database: ``make bench``."""
