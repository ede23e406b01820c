"""The sub-commands of `ses-feedback-collector`, with what they share."""
