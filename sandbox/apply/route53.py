"""Route 53: the records of a sender's domain."""

from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud


@applies("aws:route53/record:Record")
def record(resource: Resource, cloud: Cloud) -> Applied:
    inputs = resource.inputs
    zone, name, kind = inputs.need("zoneId"), inputs.need("name"), inputs.need("type")
    values = [
        _quoted(value) if kind == "TXT" else value for value in inputs.need("records")
    ]
    cloud.client("route53").change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={
            "Changes": [
                {
                    "Action": "CREATE",
                    "ResourceRecordSet": {
                        "Name": name,
                        "Type": kind,
                        "TTL": int(inputs.need("ttl")),
                        "ResourceRecords": [{"Value": value} for value in values],
                    },
                }
            ]
        },
    )
    return Applied(f"{zone}_{name}_{kind}", {"fqdn": name})


def _quoted(text: str) -> str:
    """Route 53 takes text in quotes; the provider adds them."""
    return f'"{text}"'
