"""Published fakes, fixed clocks and conformance suites for those who add a store, a dialect or a source."""
