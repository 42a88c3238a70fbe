"""Checks the installed services in a container (scripts/check-systemd)."""
