"""The whole loop on one machine, without an AWS account."""
