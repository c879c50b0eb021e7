"""Measures: functions from stored results to tidy tables, one row per observation."""
