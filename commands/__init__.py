"""The `ses-feedback` command, one sub-command a file."""
