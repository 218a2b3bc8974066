"""The sweep page: plan, run, table, curves, mixtures."""
