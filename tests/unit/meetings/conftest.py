from tests.unit.projects.conftest import city

__all__ = ["city"]
