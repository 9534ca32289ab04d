"""Spreadsheets in and out, and documents: columns say what a table holds; reading, writing and the import report follow them.

From the bottom up: ``values`` (single cells), ``columns`` (what a cell may hold), ``ooxml`` and ``delimited`` (files that
may lie), ``grids`` (files as rows), ``reading`` (tables in), ``workbooks`` (rows as xlsx), ``writing`` (tables and templates
out), ``report`` (what became of each row); ``wordml`` (packages of Word documents), ``documents`` (a table as one),
``official`` on ``official_page`` and ``official_tables`` (GB/T 9704-2012). Nothing here knows a model or a request.
"""
