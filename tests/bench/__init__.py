"""`make bench`: what Hookline reaches on this machine, each figure beside what bounds it, measured in one run.

Not a test: no figure fails it. `docs/benchmarks.md` says what each means.
"""
