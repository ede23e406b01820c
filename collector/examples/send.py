"""Asks before it sends: python send.py FROM TO SUBJECT < text

Ends with 3 where the recipient may not be mailed. The environment names the collector's
database (SES_FEEDBACK_DATABASE) and what the AWS SDK needs.
"""

import os
import sys

import boto3

from ses_feedback_collector import Suppression, open_database


def main() -> int:
    sender, recipient, subject = sys.argv[1:]
    suppression = Suppression(open_database(os.environ["SES_FEEDBACK_DATABASE"]))
    verdict = suppression.check([recipient])[recipient]
    for warning in verdict.warnings:
        print(warning.sentence, file=sys.stderr)
    if not verdict.may_send:
        print(verdict.sentence, file=sys.stderr)
        return 3
    boto3.client("sesv2").send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": [recipient]},
        Content={
            "Simple": {
                "Subject": {"Data": subject},
                "Body": {"Text": {"Data": sys.stdin.read()}},
            }
        },
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
