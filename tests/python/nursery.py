"""A process that has imported everything and forks the commands that are to be killed.

`python nursery.py` reads commands from standard input, a line of JSON each: `words` (of
`warehouse`), `kill_after` (seconds; null lets it end), `user` (a uid to run as), and
`environment`. Each runs `warehouse` as people do, in a fork that costs no import; the
answer is a line of JSON: `killed`, `code`, `seconds`, `said`.
"""

import functools
import json
import os
import select
import signal
import sys
import tempfile
import time
import traceback

import warehouse.assertions
import warehouse.build
import warehouse.check
import warehouse.cli
import warehouse.forget
import warehouse.load
import warehouse.publish
import warehouse.report
import warehouse.run
import warehouse.status

MODULES = (
    "dbt.cli.main",
    "rich.progress",
    "rich.table",
    "rich.traceback",
    "polars",
    "pwd",
    "shutil",
)


def bring_up(words: list[str]) -> None:
    """The child's life: one command, and out."""
    sys.argv = ["warehouse", *words]
    code = 70
    try:
        warehouse.cli.main()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run(words, kill_after=None, user=None, environment=None) -> dict:
    """One command, killed or left alone."""
    with tempfile.TemporaryFile("w+") as said:
        return _run(said, words, kill_after, user, environment or {})


def _run(said, words, kill_after, user, environment) -> dict:
    started = time.monotonic()
    child = os.fork()
    if not child:
        for stream in (1, 2):
            os.dup2(said.fileno(), stream)
        os.environ.update(environment)
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        bring_up(words)
    if kill_after is not None:
        watched = os.pidfd_open(child)  # readable when the child has ended
        select.select([watched], [], [], kill_after)
        os.close(watched)
        os.kill(child, signal.SIGKILL)  # of one that has ended, only its name is left
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - started
    said.seek(0)
    killed = os.WIFSIGNALED(status)
    return {
        "killed": killed,
        "code": -os.WTERMSIG(status) if killed else os.WEXITSTATUS(status),
        "seconds": seconds,
        "said": said.read(),
    }


def parse() -> int:
    """Read dbt's project, for all commands to come."""
    run_dbt = warehouse.build.run_dbt
    done = run_dbt("parse")
    warehouse.build.run_dbt = functools.partial(run_dbt, manifest=done.result)
    return 0 if done.success else 1


def main() -> None:
    """Read dbt's project once, then bring up what is asked for."""
    for name in MODULES:
        __import__(name)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = {"code": parse()} if asked.pop("parse", False) else run(**asked)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
