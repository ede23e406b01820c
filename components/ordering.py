"""The order in which resources are made, where no value hands it on."""

import pulumi


def once_there(
    value: pulumi.Output[str], *resources: pulumi.CustomResource
) -> pulumi.Output[str]:
    """The value, once these resources are there too.

    Whoever takes it waits for them, across components and without naming them.
    """
    return pulumi.Output.all(value, *(each.id for each in resources)).apply(
        lambda them: them[0]
    )
