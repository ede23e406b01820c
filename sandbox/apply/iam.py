"""IAM: the users and roles of consumers, with their policies and keys."""

from base64 import b64encode

from sandbox.apply.registry import Applied, Resource, applies
from sandbox.cloud import Cloud


@applies("aws:iam/user:User")
def user(resource: Resource, cloud: Cloud) -> Applied:
    inputs, name = resource.inputs, resource.physical_name
    made = cloud.client("iam").create_user(
        UserName=name,
        Tags=inputs.tags(),
        **inputs.capitalised("permissionsBoundary"),
    )["User"]
    outputs = {"arn": made["Arn"], "name": name, "uniqueId": made["UserId"]}
    return Applied(name, outputs)


@applies("aws:iam/userPolicy:UserPolicy")
def user_policy(resource: Resource, cloud: Cloud) -> Applied:
    user, name = resource.inputs.need("user"), resource.physical_name
    cloud.client("iam").put_user_policy(
        UserName=user,
        PolicyName=name,
        PolicyDocument=resource.inputs.need("policy"),
    )
    return Applied(f"{user}:{name}", {"name": name})


@applies("aws:iam/accessKey:AccessKey")
def access_key(resource: Resource, cloud: Cloud) -> Applied:
    """With a PGP key the outputs hold no plain secret; the sandbox keeps it aside."""
    pgp_key = resource.inputs.take("pgpKey")
    made = cloud.client("iam").create_access_key(UserName=resource.inputs.need("user"))[
        "AccessKey"
    ]
    key_id, secret = made["AccessKeyId"], made["SecretAccessKey"]
    outputs = {"status": made["Status"]}
    if pgp_key is None:
        outputs["secret"] = secret
    else:
        cloud.kept_secrets[key_id] = secret
        note = f"not encrypted: the sandbox has no access to {pgp_key}"
        outputs["encryptedSecret"] = b64encode(note.encode()).decode()
    return Applied(key_id, outputs)


@applies("aws:iam/role:Role")
def role(resource: Resource, cloud: Cloud) -> Applied:
    inputs, name = resource.inputs, resource.physical_name
    made = cloud.client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=inputs.need("assumeRolePolicy"),
        Tags=inputs.tags(),
        **inputs.capitalised("description", "permissionsBoundary"),
    )["Role"]
    outputs = {"arn": made["Arn"], "name": name, "uniqueId": made["RoleId"]}
    return Applied(name, outputs)


@applies("aws:iam/rolePolicy:RolePolicy")
def role_policy(resource: Resource, cloud: Cloud) -> Applied:
    role, name = resource.inputs.need("role"), resource.physical_name
    cloud.client("iam").put_role_policy(
        RoleName=role,
        PolicyName=name,
        PolicyDocument=resource.inputs.need("policy"),
    )
    return Applied(f"{role}:{name}", {"name": name})
