"""Local stand-ins of the platforms, with their limits and faults, for trying, testing and measuring.

A second, independent reading of each platform: nothing here imports anything else of Orderwire (an import contract
holds it), so that an error in a dialect is not repeated in what checks it. Each stand-in keeps an append-only
reception log; `checker` counts missing, doubled and out of order from those logs alone.
"""
