"""Synthetic and own sync traffic, identity, user agents, and the exact truth."""
