"""A simulated reserve, labelled as such: training for dispatchers, load for benchmarks, truth for tests."""
