"""Catalogues of mistakes, one module for each option; `docs/mutations.md` says how to add one."""
