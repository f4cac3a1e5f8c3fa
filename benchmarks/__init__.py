"""What is measured, never asserted by the clock: `python -m benchmarks` writes docs/benchmarks.md."""
