"""Reads feedback back in from where it was kept: files, the event log, dead letters."""
