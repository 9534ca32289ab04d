"""Print which tests show each clause of the policy: the marks ``@pytest.mark.clause("3.1.3")`` of the collected tests."""

import contextlib
import io
import re
import sys
from collections import defaultdict

import pytest


class Collector:
    """Gather the clauses while pytest collects; no test is run."""

    def __init__(self) -> None:
        self.tests: defaultdict[str, dict[str, None]] = defaultdict(dict)  # clause → names of tests, in order

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            name = item.nodeid.split("[")[0].removeprefix("tests/")
            for mark in item.iter_markers("clause"):
                for clause in mark.args:
                    self.tests[str(clause)][name] = None


def in_order(clause: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", clause)]


def main() -> int:
    collector = Collector()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = pytest.main(["--collect-only", "-qq", "-p", "no:xdist"], plugins=[collector])
    if status not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        print(said.getvalue(), file=sys.stderr)
        return 1
    print("| clause | shown by |\n| --- | --- |")
    for clause in sorted(collector.tests, key=in_order):
        print(f"| {clause} | {'<br>'.join(f'`{name}`' for name in collector.tests[clause])} |")
    print(f"\n{len(collector.tests)} clauses, {sum(map(len, collector.tests.values()))} tests")
    return 0


if __name__ == "__main__":
    sys.exit(main())
