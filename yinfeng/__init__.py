"""Yinfeng 引凤: the system with which a city attracts investment."""

__version__ = "0.1.0"
