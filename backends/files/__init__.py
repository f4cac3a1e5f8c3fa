"""Readers of what strangers bring: archives, JSON, arrays and tables, each bounded before it is unpacked, once for all systems."""
