"""Requests that the endpoint does not take, since it could not do what they ask for."""

from http import HTTPStatus

from sandbox.call import Call
from sandbox.refusals import RefusedCall

PROGRAM_ONLY = (
    "Functions run in the sandbox's own process, so it runs only those that the program"
    " has: change its code, and start the sandbox again."
)
ALARMS_ONLY = "Functions are called by alarms alone."
NO_QUERIES = "No query is run here; the objects of the event log are in S3."

NOT_SERVED = {
    ("lambda", "CreateFunction"): PROGRAM_ONLY,
    ("lambda", "UpdateFunctionCode"): PROGRAM_ONLY,
    ("lambda", "UpdateFunctionConfiguration"): PROGRAM_ONLY,
    ("lambda", "CreateEventSourceMapping"): ALARMS_ONLY,
    ("logs", "PutSubscriptionFilter"): "Logs are kept, and passed on to nobody.",
    ("athena", "StartQueryExecution"): NO_QUERIES,
    ("logs", "StartQuery"): "No query is run here; GetLogEvents has what was logged.",
}
"""Why, by botocore's name of the service and the operation."""


def check_served(call: Call) -> None:
    """Raises RefusedCall for an operation of these; the program itself may use them."""
    why = NOT_SERVED.get((call.service, call.operation))
    if why is not None:
        raise RefusedCall(
            "NotImplemented",
            f"The sandbox does not do this: {call.service} {call.operation}. {why}",
            HTTPStatus.NOT_IMPLEMENTED,
        )
