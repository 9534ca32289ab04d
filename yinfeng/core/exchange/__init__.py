"""Spreadsheets in and out: columns say what a table holds; reading, writing and the import report follow them.

``columns`` (what a cell may hold) ← ``reading`` (xlsx and csv in, behind ``ooxml`` and ``delimited``), ``writing``
(xlsx and csv out, templates) ← ``report`` (what became of each row). Nothing here knows a model or a request.
"""
