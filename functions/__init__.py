"""Code that runs in AWS Lambda, each file by itself; it imports boto3 alone."""
