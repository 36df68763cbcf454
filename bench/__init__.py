"""Measuring Orderwire beside the tools a shop would otherwise use, against one local sink.

`python -m bench` (or `make bench`) makes a shop, installs the peers into environments of their own, runs every row of
the scoreboard and prints one table. What is measured and what came out is told in docs/explanation/performance.md.
"""
