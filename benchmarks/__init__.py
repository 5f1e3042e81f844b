"""What the warehouse costs: time, memory and disk, as shops grow, beside rivals.

`python -m benchmarks` measures; `docs/benchmarks.md` shows what was measured.
"""
