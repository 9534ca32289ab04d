"""Pin what pyproject.toml and package.json ask for: ``python -m tools.lock`` changes as little as possible.

With ``--upgrade`` everything goes to its newest fitting release. No lock names a registry: the one that is configured serves.
"""

import sys

from tools.assets import find_npm
from tools.base import CannotContinue, run, say
from tools.packages import find_uv, uv_environment

# the locks of the runtime follow the larger one, so that tests run on what is shipped
AS_TESTED = ["--constraints", "requirements/dev.txt"]
LOCKS = {
    "dev": ["pyproject.toml", "--extra", "postgres", "--extra", "s3", "--group", "dev"],
    "run": ["pyproject.toml", "--extra", "postgres", "--group", "build", *AS_TESTED],
    "run-s3": ["pyproject.toml", "--extra", "postgres", "--extra", "s3", "--group", "build", *AS_TESTED],
    "uv": ["--group", "uv"],
    "node": ["--group", "node"],
    "peers": ["--group", "peers"],
}
FORM = [
    "--quiet",
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-header",
    "--no-emit-index-url",
]


def main() -> int:
    upgrade = ["--upgrade"] if "--upgrade" in sys.argv[1:] else []
    uv = find_uv()
    if uv is None:
        raise CannotContinue("Locking needs uv; the bootstrap fetches it where there is pip.")
    # what is locked must be what the index itself serves, not what lies in this machine's extra folders
    env = {
        name: value for name, value in uv_environment().items() if name not in {"UV_INDEX", "UV_FIND_LINKS"}
    }
    for name, source in LOCKS.items():
        say(f"requirements/{name}.txt")
        run(
            uv,
            "pip",
            "compile",
            *FORM,
            *upgrade,
            *source,
            "--output-file",
            f"requirements/{name}.txt",
            env=env,
        )
    say("package-lock.json")
    npm, node_env = find_npm()
    run(*npm, "update" if upgrade else "install", "--package-lock-only", "--ignore-scripts", env=node_env)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CannotContinue as error:
        print(error, file=sys.stderr)
        sys.exit(1)
