"""What `pulumi up` builds: one component a file, and the pure parts they share."""
