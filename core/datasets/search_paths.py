"""Search paths by a regular expression, as a process that can be ended; needs nothing but Python.

Reads `[pattern, [path, …]]` as JSON and writes, a path each, what the group `patient` matched, or
null where nothing did.
"""

import json
import re
import sys


def _main() -> None:
    pattern, paths = json.load(sys.stdin)
    expression = re.compile(pattern)
    matches = (expression.search(path) for path in paths)
    json.dump([match["patient"] if match else None for match in matches], sys.stdout)


if __name__ == "__main__":
    _main()
