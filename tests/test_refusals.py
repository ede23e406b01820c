"""Every refusal, word for word: by `ses-feedback check`, and by the program."""

import re
from collections.abc import Iterable
from pathlib import Path

import pulumi
import pytest
from _pytest.mark import ParameterSet

from components.settings import Refused, Settings, StackFile
from sandbox.program import run
from tests.engine import ACCOUNT, Engine
from tests.snippets import (
    PASSWORD,
    as_pulumi_hands_it,
    checked,
    refusals,
    stack_text,
    write,
)


def case(name: str, snippet: str, *lines: str, without: str = "") -> ParameterSet:
    """A snippet over a sound stack (`without` one of its keys), and what is refused."""
    return pytest.param(snippet, without, lines, id=name)


A_NAME = (
    "a name: at most 31 lower-case letters, digits and '-', a letter first, not none"
)
A_SENDER = "a domain such as shop.example.com or an address such as news@example.com"
TOP_LEVEL = "one of tags, protect, permissionsBoundary, channels, secretEndpoints, identities, identitiesFile, configurationSets, queues, eventLog, monitoring"
AN_EVENT = "one of send, reject, bounce, complaint, delivery, open, click, renderingFailure, deliveryDelay, subscription"
OF_A_SET = "one of notify, metrics, dimensions, eventLog, suppress, requireTls, trackingDomain, pauseOnCriticalAlarm"
OF_AN_IDENTITY = "one of sender, feedback, bounce, complaint, delivery, originalHeaders, configurationSet, mailFrom, hostedZone, forwarding, existing"
A_PRINCIPAL = "the ARN of an account (arn:aws:iam::123456789012:root), user or role, or a service name such as lambda.amazonaws.com"
A_MESSAGE_KEY = "one of eventType, notificationType, mail, bounce, complaint, delivery, send, reject, open, click, failure, deliveryDelay, subscription"
A_PROTOCOL = (
    "one of http, https, email, email-json, sms, lambda, application, sqs, firehose"
)
IN_CLEAR = "it in clear: only values in secretEndpoints may be secure, one by one"
MOST_SPECIFIC = "SES applies only the most specific identity"
TOO_FREQUENT = (
    "a channel without e-mail and sms: SNS suspends such endpoints at that rate"
)
LONG = "a" * 300

KEYS_OF_THE_TOP_LEVEL = [
    case(
        "unknown key",
        "chanels: {app: {}}",
        f'ses-feedback:chanels: found an unknown key, expected {TOP_LEVEL} ("channels" is meant?)',
        without="channels",
    ),
    case(
        "unknown key like no other",
        "zebra: 1",
        f"ses-feedback:zebra: found an unknown key, expected {TOP_LEVEL}",
    ),
    case(
        "key of another letter case",
        "Queues: {app: {}}",
        f'ses-feedback:Queues: found an unknown key, expected {TOP_LEVEL} ("queues" is meant?)',
    ),
    case(
        "key in kebab-case",
        "configuration-sets: {s: {}}",
        f'ses-feedback:configuration-sets: found an unknown key, expected {TOP_LEVEL} ("configurationSets" is meant?)',
    ),
    case(
        "namespace of another letter case",
        "Ses-Feedback:protect: true",
        'ses-feedback:protect: found the key "Ses-Feedback:protect", expected ses-feedback:protect',
    ),
    case(
        "namespace misspelt",
        "ses_feedback:tags: {a: b}",
        'ses-feedback:tags: found the key "ses_feedback:tags", expected ses-feedback:tags',
    ),
    case(
        "nothing to send from",
        "identities: {}",
        "ses-feedback:identities: found nothing, and no configurationSets either, expected at least one identity or configuration set",
    ),
    case(
        "region null",
        "aws:region:",
        "aws:region: found nothing, expected a region such as eu-west-1",
    ),
    case(
        "region is none",
        "aws:region: Ireland",
        'aws:region: found "Ireland", expected a region such as eu-west-1',
    ),
    case(
        "region of another letter case",
        "aws:region: EU-WEST-1",
        'aws:region: found "EU-WEST-1", expected a region such as eu-west-1',
    ),
    case(
        "tags as a list",
        "tags: [app]",
        "ses-feedback:tags: found a list, expected a map",
    ),
    case(
        "channels as a list",
        "channels: [app]",
        "ses-feedback:channels: found a list, expected a map",
    ),
    case(
        "identities as a list",
        "identities: [app]",
        "ses-feedback:identities: found a list, expected a map",
    ),
    case(
        "configurationSets as a list",
        "configurationSets: [app]",
        "ses-feedback:configurationSets: found a list, expected a map",
    ),
    case(
        "queues as a list",
        "queues: [app]",
        "ses-feedback:queues: found a list, expected a map",
    ),
    case(
        "secretEndpoints as a list",
        "secretEndpoints: [app]",
        "ses-feedback:secretEndpoints: found a list, expected a map",
    ),
    case(
        "tags null",
        "tags:",
        "ses-feedback:tags: found null, expected a map ({} for an empty one)",
    ),
    case(
        "protect null",
        "protect:",
        "ses-feedback:protect: found null, expected true or false",
    ),
    case(
        "permissionsBoundary null",
        "permissionsBoundary:",
        "ses-feedback:permissionsBoundary: found null, expected the ARN of an IAM policy such as arn:aws:iam::123456789012:policy/limit, or no such key",
    ),
    case(
        "channels null",
        "channels:",
        "ses-feedback:channels: found null, expected a map ({} for an empty one)",
    ),
    case(
        "secretEndpoints null",
        "secretEndpoints:",
        "ses-feedback:secretEndpoints: found null, expected a map ({} for an empty one)",
    ),
    case(
        "identities null",
        "identities:",
        "ses-feedback:identities: found null, expected a map ({} for an empty one)",
    ),
    case(
        "configurationSets null",
        "configurationSets:",
        "ses-feedback:configurationSets: found null, expected a map ({} for an empty one)",
    ),
    case(
        "queues null",
        "queues:",
        "ses-feedback:queues: found null, expected a map ({} for an empty one)",
    ),
    case("tags as text", "tags: app", 'ses-feedback:tags: found "app", expected a map'),
    case(
        "channels as text",
        "channels: app",
        'ses-feedback:channels: found "app", expected a map',
    ),
    case(
        "secretEndpoints as text",
        "secretEndpoints: app",
        "ses-feedback:secretEndpoints: found a value that is not shown, expected a map",
    ),
    case(
        "identities as text",
        "identities: app",
        'ses-feedback:identities: found "app", expected a map',
    ),
    case(
        "configurationSets as text",
        "configurationSets: app",
        'ses-feedback:configurationSets: found "app", expected a map',
    ),
    case(
        "queues as text",
        "queues: app",
        'ses-feedback:queues: found "app", expected a map',
    ),
    case(
        "channels as a number",
        "channels: 5",
        "ses-feedback:channels: found 5, expected a map",
    ),
    case(
        "protect as a word",
        "protect: yes",
        'ses-feedback:protect: found "yes", expected true or false',
    ),
    case(
        "protect as a number",
        "protect: 1",
        "ses-feedback:protect: found 1, expected true or false",
    ),
    case(
        "permissionsBoundary not an ARN",
        "permissionsBoundary: limit",
        'ses-feedback:permissionsBoundary: found "limit", expected the ARN of an IAM policy such as arn:aws:iam::123456789012:policy/limit',
    ),
    case(
        "permissionsBoundary a number",
        "permissionsBoundary: 5",
        "ses-feedback:permissionsBoundary: found 5, expected the ARN of an IAM policy such as arn:aws:iam::123456789012:policy/limit",
    ),
    case(
        "permissionsBoundary a role",
        "permissionsBoundary: arn:aws:iam::123456789012:role/limit",
        'ses-feedback:permissionsBoundary: found "arn:aws:iam::123456789012:role/limit", expected the ARN of an IAM policy such as arn:aws:iam::123456789012:policy/limit',
    ),
    case(
        "tag value a number",
        "tags: {cost-centre: 1234}",
        "ses-feedback:tags.cost-centre: found 1234, expected text of at most 256 characters",
    ),
    case(
        "tag value null",
        "tags: {cost-centre: }",
        "ses-feedback:tags.cost-centre: found null, expected text of at most 256 characters",
    ),
    case(
        "tag value a map",
        "tags: {cost-centre: {a: b}}",
        "ses-feedback:tags.cost-centre: found a map, expected text of at most 256 characters",
    ),
    case(
        "tag value too long",
        f"tags: {{note: {LONG}}}",
        'ses-feedback:tags.note: found "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"... of 300 characters, expected text of at most 256 characters',
    ),
    case(
        "tag key too long",
        f"tags: {{{LONG}: x}}",
        'ses-feedback:tags: found the key "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"... of 300 characters, expected a key of 1 to 128 characters',
    ),
    case(
        "tag key empty",
        'tags: {"": x}',
        'ses-feedback:tags: found the key "", expected a key of 1 to 128 characters',
    ),
    case(
        "tag key of AWS",
        "tags: {aws:team: x}",
        'ses-feedback:tags.aws:team: found the key "aws:team", expected one without aws:, which AWS keeps for itself',
    ),
    case(
        "tag with a letter that IAM does not take",
        "tags: {'a#b': 'c;d'}",
        'ses-feedback:tags."a#b": found the key "a#b", expected letters, digits, spaces and . : / = + - @ _',
        'ses-feedback:tags."a#b": found the value "c;d", expected letters, digits, spaces and . : / = + - @ _',
    ),
    case(
        "tag twice but for its letter case",
        "tags: {Owner: a, owner: b}",
        'ses-feedback:tags.owner: found the key "owner" beside "Owner", expected each key once: IAM tells them apart without letter case',
    ),
    case(
        "tags too many",
        "tags: {k0: v, k1: v, k2: v, k3: v, k4: v, k5: v, k6: v, k7: v, k8: v, k9: v, k10: v, k11: v, k12: v, k13: v, k14: v, k15: v, k16: v, k17: v, k18: v, k19: v, k20: v, k21: v, k22: v, k23: v, k24: v, k25: v, k26: v, k27: v, k28: v, k29: v, k30: v, k31: v, k32: v, k33: v, k34: v, k35: v, k36: v, k37: v, k38: v, k39: v, k40: v, k41: v, k42: v, k43: v, k44: v, k45: v, k46: v, k47: v, k48: v, k49: v, k50: v}",
        "ses-feedback:tags: found 51 tags, expected at most 50",
    ),
]

NAMES = [
    case(
        "name a number",
        "channels: {5: {}, app: {}}",
        f'ses-feedback:channels.5: found the name "5", expected {A_NAME}',
    ),
    case(
        "name empty",
        'channels: {"": {}, app: {}}',
        f'ses-feedback:channels."": found the name "", expected {A_NAME}',
    ),
    case(
        "name none",
        "channels: {none: {}, app: {}}",
        f'ses-feedback:channels.none: found the name "none", expected {A_NAME}',
    ),
    case(
        "set named none",
        "configurationSets: {none: {}}",
        f'ses-feedback:configurationSets.none: found the name "none", expected {A_NAME}',
    ),
    case(
        "queue named none",
        "queues: {none: {}}",
        f'ses-feedback:queues.none: found the name "none", expected {A_NAME}',
    ),
    case(
        "name of 300 characters",
        f"channels: {{app: {{}}, {LONG}: {{}}}}",
        f'ses-feedback:channels.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...: found the name "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"... of 300 characters, expected {A_NAME}',
    ),
    case(
        "name of 32 characters",
        "channels: {app: {}, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: {}}",
        f'ses-feedback:channels.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: found the name "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", expected {A_NAME}',
    ),
    case(
        "name non-ASCII",
        "channels: {app: {}, géants: {}}",
        f'ses-feedback:channels.géants: found the name "géants", expected {A_NAME}',
    ),
    case(
        "name with capital",
        "channels: {app: {}, Oncall: {}}",
        f'ses-feedback:channels.Oncall: found the name "Oncall", expected {A_NAME}',
    ),
    case(
        "name with underscore",
        "channels: {app: {}, on_call: {}}",
        f'ses-feedback:channels.on_call: found the name "on_call", expected {A_NAME}',
    ),
    case(
        "name with dot",
        "channels: {app: {}, on.call: {}}",
        f'ses-feedback:channels."on.call": found the name "on.call", expected {A_NAME}',
    ),
    case(
        "name with line break",
        'channels: {app: {}, "app\\n": {}}',
        'ses-feedback:channels."app\\n": found the name "app\\n", expected a name: at most 31 lower-case letters, digits and \'-\', a letter first, not none',
    ),
    case(
        "name with a digit first",
        "channels: {app: {}, 1st: {}}",
        f'ses-feedback:channels.1st: found the name "1st", expected {A_NAME}',
    ),
    case(
        "subscription's name",
        "channels: {app: {subscriptions: {My Desk: {protocol: sqs, endpoint: 'arn:aws:sqs:eu-west-1:123456789012:q'}}}}",
        f'ses-feedback:channels.app.subscriptions."My Desk": found the name "My Desk", expected {A_NAME}',
    ),
    case(
        "secret endpoint's name",
        "secretEndpoints: {CRM: 'https://crm:pass-word@crm.example.com/'}",
        f'ses-feedback:secretEndpoints.CRM: found the name "CRM", expected {A_NAME}',
    ),
]

CHANNELS = [
    case(
        "channel null",
        "channels: {app: }",
        "ses-feedback:channels.app: found null, expected a map ({} for an empty one)",
    ),
    case(
        "channel as text",
        "channels: {app: oncall}",
        'ses-feedback:channels.app: found "oncall", expected a map',
    ),
    case(
        "channel as a list",
        "channels: {app: [oncall]}",
        "ses-feedback:channels.app: found a list, expected a map",
    ),
    case(
        "channel's unknown key",
        "channels: {app: {encrypt: true}}",
        'ses-feedback:channels.app.encrypt: found an unknown key, expected one of encrypted, subscriptions, topic ("encrypted" is meant?)',
    ),
    case(
        "encrypted as text",
        "channels: {app: {encrypted: 'true'}}",
        'ses-feedback:channels.app.encrypted: found "true", expected true or false',
    ),
    case(
        "encrypted null",
        "channels: {app: {encrypted: }}",
        "ses-feedback:channels.app.encrypted: found null, expected true or false",
    ),
    case(
        "subscriptions as a list",
        "channels: {app: {subscriptions: [{protocol: email, endpoint: a@example.com}]}}",
        "ses-feedback:channels.app.subscriptions: found a list, expected a map",
    ),
    case(
        "subscriptions null",
        "channels: {app: {subscriptions: }}",
        "ses-feedback:channels.app.subscriptions: found null, expected a map ({} for an empty one)",
    ),
    case(
        "topic not an ARN",
        "channels: {app: {topic: legacy}}",
        'ses-feedback:channels.app.topic: found "legacy", expected the ARN of an SNS topic such as arn:aws:sns:eu-west-1:123456789012:news',
    ),
    case(
        "topic null",
        "channels: {app: {topic: }}",
        "ses-feedback:channels.app.topic: found null, expected the ARN of an SNS topic such as arn:aws:sns:eu-west-1:123456789012:news, or no such key",
    ),
    case(
        "topic a queue",
        "channels: {app: {topic: 'arn:aws:sqs:eu-west-1:123456789012:legacy'}}",
        'ses-feedback:channels.app.topic: found "arn:aws:sqs:eu-west-1:123456789012:legacy", expected the ARN of an SNS topic such as arn:aws:sns:eu-west-1:123456789012:news',
    ),
    case(
        "topic FIFO",
        "channels: {app: {topic: 'arn:aws:sns:eu-west-1:123456789012:legacy.fifo'}}",
        'ses-feedback:channels.app.topic: found "arn:aws:sns:eu-west-1:123456789012:legacy.fifo", expected a standard topic (SES takes no FIFO)',
    ),
    case(
        "topic of another region",
        "channels: {app: {topic: 'arn:aws:sns:eu-west-2:123456789012:legacy'}}",
        "ses-feedback:channels.app.topic: found a topic in eu-west-2, expected one in eu-west-1",
    ),
    case(
        "topic beside encrypted",
        "channels: {app: {encrypted: false, topic: 'arn:aws:sns:eu-west-1:123456789012:legacy'}}",
        "ses-feedback:channels.app.encrypted: found it beside topic, expected its owner to decide on encryption",
    ),
    case(
        "topic of two channels",
        "channels: {app: {topic: 'arn:aws:sns:eu-west-1:123456789012:legacy'}, qa: {topic: 'arn:aws:sns:eu-west-1:123456789012:legacy'}}",
        "ses-feedback:channels.qa.topic: found the topic of channel app, expected one channel for each topic",
    ),
]

SUBSCRIPTIONS = [
    case(
        "subscription null",
        "channels: {app: {subscriptions: {x: }}}",
        "ses-feedback:channels.app.subscriptions.x: found null, expected a map ({} for an empty one)",
    ),
    case(
        "subscription as text",
        "channels: {app: {subscriptions: {x: a@example.com}}}",
        'ses-feedback:channels.app.subscriptions.x: found "a@example.com", expected a map',
    ),
    case(
        "subscription empty",
        "channels: {app: {subscriptions: {x: {}}}}",
        "ses-feedback:channels.app.subscriptions.x.endpoint: found nothing, expected endpoint or secretEndpoint",
        f"ses-feedback:channels.app.subscriptions.x.protocol: found nothing, expected {A_PROTOCOL}",
    ),
    case(
        "subscription's unknown key",
        "channels: {app: {subscriptions: {x: {protocol: email, endpoint: a@example.com, filterPolicy: {}}}}}",
        'ses-feedback:channels.app.subscriptions.x.filterPolicy: found an unknown key, expected one of protocol, endpoint, secretEndpoint, raw, filter, deadLetters, role ("filter" is meant?)',
    ),
    case(
        "protocol unknown",
        "channels: {app: {subscriptions: {x: {protocol: slack, endpoint: 'https://x.example.com/'}}}}",
        f'ses-feedback:channels.app.subscriptions.x.protocol: found "slack", expected {A_PROTOCOL}',
    ),
    case(
        "protocol of another letter case",
        "channels: {app: {subscriptions: {x: {protocol: HTTPS, endpoint: 'https://x.example.com/'}}}}",
        f'ses-feedback:channels.app.subscriptions.x.protocol: found "HTTPS", expected {A_PROTOCOL}',
    ),
    case(
        "protocol null",
        "channels: {app: {subscriptions: {x: {protocol: , endpoint: 'https://x.example.com/'}}}}",
        f"ses-feedback:channels.app.subscriptions.x.protocol: found null, expected {A_PROTOCOL}",
    ),
    case(
        "neither endpoint nor secretEndpoint",
        "channels: {app: {subscriptions: {x: {protocol: https}}}}",
        "ses-feedback:channels.app.subscriptions.x.endpoint: found nothing, expected endpoint or secretEndpoint",
    ),
    case(
        "endpoint beside secretEndpoint",
        (
            "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', secretEndpoint: crm}}}}\n"
            "secretEndpoints: {crm: {secure: AAAA}}"
        ),
        "ses-feedback:channels.app.subscriptions.x.secretEndpoint: found it beside endpoint, expected only one of the two",
    ),
    case(
        "endpoint null",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: }}}}",
        "ses-feedback:channels.app.subscriptions.x.endpoint: found null, expected text, or no such key",
    ),
    case(
        "phone number unquoted",
        "channels: {app: {subscriptions: {x: {protocol: sms, endpoint: +15555550123}}}}",
        "ses-feedback:channels.app.subscriptions.x.endpoint: found 15555550123, expected text (a number in quotes is text)",
    ),
    case(
        "endpoint a number with leading zero",
        "channels: {app: {subscriptions: {x: {protocol: sms, endpoint: 0155555501}}}}",
        "ses-feedback:channels.app.subscriptions.x.endpoint: found 28760897, expected text (a number in quotes is text)",
    ),
    case(
        "secretEndpoint dangling",
        (
            "channels: {app: {subscriptions: {x: {protocol: https, secretEndpoint: crn}}}}\n"
            "secretEndpoints: {crm: {secure: AAAA}}"
        ),
        'ses-feedback:channels.app.subscriptions.x.secretEndpoint: found "crn", expected a key of secretEndpoints (crm)',
    ),
    case(
        "secretEndpoint dangling without any",
        "channels: {app: {subscriptions: {x: {protocol: https, secretEndpoint: crm}}}}",
        'ses-feedback:channels.app.subscriptions.x.secretEndpoint: found "crm", expected a key of secretEndpoints (none is there)',
    ),
    case(
        "secretEndpoint holds the value",
        "channels: {app: {subscriptions: {x: {protocol: https, secretEndpoint: 'https://crm:pass-word@crm.example.com/'}}}}",
        "ses-feedback:channels.app.subscriptions.x.secretEndpoint: found a value that is not shown, expected a key of secretEndpoints",
    ),
    case(
        "secretEndpoint null",
        "channels: {app: {subscriptions: {x: {protocol: https, secretEndpoint: }}}}",
        "ses-feedback:channels.app.subscriptions.x.secretEndpoint: found null, expected a key of secretEndpoints, or no such key",
    ),
    case(
        "https endpoint http://x.example.com/",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'http://x.example.com/'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "http://x.example.com/", expected a URL such as https://desk.example.com/ses for https',
    ),
    case(
        "https endpoint x.example.com",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'x.example.com'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "x.example.com", expected a URL such as https://desk.example.com/ses for https',
    ),
    case(
        "https endpoint https://",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "https://", expected a URL such as https://desk.example.com/ses for https',
    ),
    case(
        "https endpoint https://x.example.com/a b",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/a b'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "https://x.example.com/a b", expected a URL such as https://desk.example.com/ses for https',
    ),
    case(
        "https endpoint https://x.example.com:port/",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com:port/'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "https://x.example.com:port/", expected a URL such as https://desk.example.com/ses for https',
    ),
    case(
        "http endpoint https://x.example.com/",
        "channels: {app: {subscriptions: {x: {protocol: http, endpoint: 'https://x.example.com/'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "https://x.example.com/", expected a URL such as http://desk.example.com/ses for http',
    ),
    case(
        "email endpoint a.example.com",
        "channels: {app: {subscriptions: {x: {protocol: email, endpoint: 'a.example.com'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "a.example.com", expected an e-mail address for email',
    ),
    case(
        "email-json endpoint a@localhost",
        "channels: {app: {subscriptions: {x: {protocol: email-json, endpoint: 'a@localhost'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "a@localhost", expected an e-mail address for email-json',
    ),
    case(
        "sms endpoint 555-0123",
        "channels: {app: {subscriptions: {x: {protocol: sms, endpoint: '555-0123'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "555-0123", expected a phone number such as "+15555550123" for sms',
    ),
    case(
        "lambda endpoint feedback",
        "channels: {app: {subscriptions: {x: {protocol: lambda, endpoint: 'feedback'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "feedback", expected the ARN of a Lambda function for lambda',
    ),
    case(
        "application endpoint arn:aws:sns:eu-west-1:123456789012:legacy",
        "channels: {app: {subscriptions: {x: {protocol: application, endpoint: 'arn:aws:sns:eu-west-1:123456789012:legacy'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "arn:aws:sns:eu-west-1:123456789012:legacy", expected the ARN of a mobile endpoint for application',
    ),
    case(
        "sqs endpoint https://sqs.eu-west-1.amazonaws.com/123456789012/q",
        "channels: {app: {subscriptions: {x: {protocol: sqs, endpoint: 'https://sqs.eu-west-1.amazonaws.com/123456789012/q'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "https://sqs.eu-west-1.amazonaws.com/123456789012/q", expected the ARN of a standard SQS queue for sqs',
    ),
    case(
        "sqs endpoint arn:aws:sqs:eu-west-1:123456789012:q.fifo",
        "channels: {app: {subscriptions: {x: {protocol: sqs, endpoint: 'arn:aws:sqs:eu-west-1:123456789012:q.fifo'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "arn:aws:sqs:eu-west-1:123456789012:q.fifo", expected the ARN of a standard SQS queue for sqs',
    ),
    case(
        "firehose endpoint without its kind",
        "channels: {app: {subscriptions: {x: {protocol: firehose, endpoint: 'arn:aws:firehose:eu-west-1:123456789012:feedback', role: 'arn:aws:iam::123456789012:role/sns'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "arn:aws:firehose:eu-west-1:123456789012:feedback", expected the ARN of a Firehose stream for firehose',
    ),
    case(
        "firehose without role",
        "channels: {app: {subscriptions: {x: {protocol: firehose, endpoint: 'arn:aws:firehose:eu-west-1:123456789012:deliverystream/feedback'}}}}",
        "ses-feedback:channels.app.subscriptions.x.role: found nothing, expected the ARN of the role by which SNS writes to Firehose",
    ),
    case(
        "role not an ARN",
        "channels: {app: {subscriptions: {x: {protocol: firehose, endpoint: 'arn:aws:firehose:eu-west-1:123456789012:deliverystream/feedback', role: sns}}}}",
        'ses-feedback:channels.app.subscriptions.x.role: found "sns", expected the ARN of an IAM role such as arn:aws:iam::123456789012:role/stream',
    ),
    case(
        "role beside another protocol",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', role: 'arn:aws:iam::123456789012:role/sns'}}}}",
        "ses-feedback:channels.app.subscriptions.x.role: found a role for https, expected it for firehose only",
    ),
    case(
        "user and password in clear",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://crm:pass-word@crm.example.com/'}}}}",
        "ses-feedback:channels.app.subscriptions.x.endpoint: found a URL with user or password in clear, expected secretEndpoint, with the URL in secretEndpoints",
    ),
    case(
        "user in clear",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://crm@crm.example.com/'}}}}",
        "ses-feedback:channels.app.subscriptions.x.endpoint: found a URL with user or password in clear, expected secretEndpoint, with the URL in secretEndpoints",
    ),
    case(
        "password with a slash in clear",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://crm:pass-word/@crm.example.com/'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "https:****@crm.example.com/", expected a URL such as https://desk.example.com/ses for https',
    ),
    case(
        "password without a scheme in clear",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'crm:pass-word@crm.example.com'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "crm:****@crm.example.com", expected a URL such as https://desk.example.com/ses for https',
    ),
    case(
        "raw for email",
        "channels: {app: {subscriptions: {x: {protocol: email, endpoint: a@example.com, raw: true}}}}",
        "ses-feedback:channels.app.subscriptions.x.raw: found raw delivery by email, expected it by http, https, sqs, firehose only",
    ),
    case(
        "lambda of another region",
        "channels: {app: {subscriptions: {x: {protocol: lambda, endpoint: 'arn:aws:lambda:us-east-1:123456789012:function:f'}}}}",
        "ses-feedback:channels.app.subscriptions.x.endpoint: found a function in us-east-1, expected one in eu-west-1, where SNS can be granted to invoke it",
    ),
    case(
        "raw for lambda",
        "channels: {app: {subscriptions: {x: {protocol: lambda, endpoint: 'arn:aws:lambda:eu-west-1:123456789012:function:f', raw: true}}}}",
        "ses-feedback:channels.app.subscriptions.x.raw: found raw delivery by lambda, expected it by http, https, sqs, firehose only",
    ),
    case(
        "raw as text",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', raw: 'no'}}}}",
        'ses-feedback:channels.app.subscriptions.x.raw: found "no", expected true or false',
    ),
    case(
        "deadLetters as a map",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', deadLetters: {afterReceives: 5}}}}}",
        "ses-feedback:channels.app.subscriptions.x.deadLetters: found a map, expected true or false",
    ),
    case(
        "same endpoint twice",
        "channels: {app: {subscriptions: {x: {protocol: email, endpoint: a@example.com}, y: {protocol: email, endpoint: a@example.com}}}}",
        "ses-feedback:channels.app.subscriptions.y: found the protocol and endpoint of subscription x, expected each endpoint once in a channel",
    ),
    case(
        "same secret endpoint twice",
        (
            "channels: {app: {subscriptions: {x: {protocol: https, secretEndpoint: crm}, y: {protocol: https, secretEndpoint: crm}}}}\n"
            "secretEndpoints: {crm: {secure: AAAA}}"
        ),
        "ses-feedback:channels.app.subscriptions.y: found the protocol and endpoint of subscription x, expected each endpoint once in a channel",
    ),
    case(
        "filter null",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: }}}}",
        "ses-feedback:channels.app.subscriptions.x.filter: found null, expected a map, or no such key",
    ),
    case(
        "filter a list",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: [bounce]}}}}",
        "ses-feedback:channels.app.subscriptions.x.filter: found a list, expected a map",
    ),
    case(
        "filter empty",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {}}}}}",
        "ses-feedback:channels.app.subscriptions.x.filter: found an empty map, expected at least one key of an SES message",
    ),
    case(
        "filter of a key that no message has",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {bounceType: [Permanent]}}}}}",
        f'ses-feedback:channels.app.subscriptions.x.filter.bounceType: found the key "bounceType", expected {A_MESSAGE_KEY}',
    ),
    case(
        "filter of a value without list",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {eventType: Bounce}}}}}",
        'ses-feedback:channels.app.subscriptions.x.filter.eventType: found "Bounce", expected a list of values (or a map on the way to one)',
    ),
    case(
        "filter deep without list",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {bounce: {bounceType: Permanent}}}}}}",
        'ses-feedback:channels.app.subscriptions.x.filter.bounce.bounceType: found "Permanent", expected a list of values (or a map on the way to one)',
    ),
    case(
        "filter of an empty list",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {eventType: []}}}}}",
        "ses-feedback:channels.app.subscriptions.x.filter.eventType: found an empty list, expected a list of values (or a map on the way to one)",
    ),
    case(
        "filter of six keys",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {eventType: [a], mail: {source: [a]}, bounce: {bounceType: [a]}, complaint: {userAgent: [a]}, click: {link: [a]}, open: {userAgent: [a]}}}}}}",
        "ses-feedback:channels.app.subscriptions.x.filter: found 6 keys, expected at most 5, as many as SNS takes",
    ),
    case(
        "filter $or not a list",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {$or: {eventType: [Bounce]}}}}}}",
        'ses-feedback:channels.app.subscriptions.x.filter."$or": found a map, expected a list of two maps or more',
    ),
    case(
        "filter $or empty",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {$or: []}}}}}",
        'ses-feedback:channels.app.subscriptions.x.filter."$or": found an empty list, expected a list of two maps or more',
    ),
    case(
        "filter $or of one map",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {$or: [{eventType: [Bounce]}]}}}}}",
        'ses-feedback:channels.app.subscriptions.x.filter."$or": found a list, expected a list of two maps or more',
    ),
    case(
        "filter with a list in a list",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {eventType: [[Bounce]]}}}}}",
        "ses-feedback:channels.app.subscriptions.x.filter.eventType[0]: found a list, expected a value, or a map of an operator",
    ),
    case(
        "filter with an unknown operator",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {eventType: [{begins: B}]}}}}}",
        'ses-feedback:channels.app.subscriptions.x.filter.eventType[0]: found the key "begins", expected an operator (anything-but, cidr, equals-ignore-case, exists, numeric, prefix, suffix, wildcard)',
    ),
    case(
        "lambda by its newest version",
        "channels: {app: {subscriptions: {x: {protocol: lambda, endpoint: 'arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST", expected the ARN of a Lambda function for lambda',
    ),
    case(
        "application without a device",
        "channels: {app: {subscriptions: {x: {protocol: application, endpoint: 'arn:aws:sns:eu-west-1:123456789012:app/GCM/a'}}}}",
        'ses-feedback:channels.app.subscriptions.x.endpoint: found "arn:aws:sns:eu-west-1:123456789012:app/GCM/a", expected the ARN of a mobile endpoint for application',
    ),
    case(
        "filter $or of a key that no message has",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {$or: [{eventType: [Bounce]}, {type: [Bounce]}]}}}}}",
        f'ses-feedback:channels.app.subscriptions.x.filter."$or"[1].type: found the key "type", expected {A_MESSAGE_KEY}',
    ),
]

SECRETENDPOINTS = [
    case(
        "secret endpoint a number",
        "secretEndpoints: {crm: 5}",
        "ses-feedback:secretEndpoints.crm: found a value that is not shown, expected text (a number in quotes is text)",
    ),
    case(
        "secret endpoint null",
        "secretEndpoints: {crm: }",
        "ses-feedback:secretEndpoints.crm: found null, expected text",
    ),
    case(
        "secret endpoint a map",
        "secretEndpoints: {crm: {endpoint: 'https://crm:pass-word@crm.example.com/'}}",
        "ses-feedback:secretEndpoints.crm: found a map, expected text",
    ),
    case(
        "secretEndpoints as text",
        "secretEndpoints: 'crm:https://crm:pass-word@crm.example.com/'",
        "ses-feedback:secretEndpoints: found a value that is not shown, expected a map",
    ),
    case(
        "clear secret endpoint that does not fit",
        (
            "channels: {app: {subscriptions: {x: {protocol: https, secretEndpoint: crm}}}}\n"
            "secretEndpoints: {crm: 'http://crm:pass-word@crm.example.com/'}"
        ),
        "ses-feedback:secretEndpoints.crm: found a value that is not shown, expected a URL such as https://desk.example.com/ses, for subscription x of channel app",
    ),
]

IDENTITIES = [
    case(
        "identity null",
        "identities: {shop: }",
        "ses-feedback:identities.shop: found null, expected a map ({} for an empty one)",
    ),
    case(
        "identity as text",
        "identities: {shop: shop.example.com}",
        'ses-feedback:identities.shop: found "shop.example.com", expected a map',
    ),
    case(
        "identity empty",
        "identities: {shop: {}}",
        "ses-feedback:identities.shop.bounce: found nothing, expected a channel or none (feedback states both bounce and complaint)",
        "ses-feedback:identities.shop.complaint: found nothing, expected a channel or none (feedback states both bounce and complaint)",
        f"ses-feedback:identities.shop.sender: found nothing, expected {A_SENDER}",
    ),
    case(
        "identity's unknown key",
        "identities: {shop: {sender: shop.example.com, feedback: app, bounces: app}}",
        f'ses-feedback:identities.shop.bounces: found an unknown key, expected {OF_AN_IDENTITY} ("bounce" is meant?)',
    ),
    case(
        "identity's key of another letter case",
        "identities: {shop: {sender: shop.example.com, feedback: app, Delivery: app}}",
        f'ses-feedback:identities.shop.Delivery: found an unknown key, expected {OF_AN_IDENTITY} ("delivery" is meant?)',
    ),
    case(
        "sender null",
        "identities: {shop: {sender: , feedback: app}}",
        f"ses-feedback:identities.shop.sender: found null, expected {A_SENDER}",
    ),
    case(
        "sender a number",
        "identities: {shop: {sender: 5, feedback: app}}",
        f"ses-feedback:identities.shop.sender: found 5, expected {A_SENDER}",
    ),
    case(
        "sender a URL",
        "identities: {shop: {sender: 'https://shop.example.com', feedback: app}}",
        f'ses-feedback:identities.shop.sender: found "https://shop.example.com", expected {A_SENDER}',
    ),
    case(
        "sender with a name",
        "identities: {shop: {sender: 'Shop <news@shop.example.com>', feedback: app}}",
        f'ses-feedback:identities.shop.sender: found "Shop <news@shop.example.com>", expected {A_SENDER}',
    ),
    case(
        "sender without a dot",
        "identities: {shop: {sender: localhost, feedback: app}}",
        f'ses-feedback:identities.shop.sender: found "localhost", expected {A_SENDER}',
    ),
    case(
        "sender non-ASCII",
        "identities: {shop: {sender: lädchen.example.com, feedback: app}}",
        f'ses-feedback:identities.shop.sender: found "lädchen.example.com", expected {A_SENDER}',
    ),
    case(
        "sender a list",
        "identities: {shop: {sender: [shop.example.com], feedback: app}}",
        f"ses-feedback:identities.shop.sender: found a list, expected {A_SENDER}",
    ),
    case(
        "sender too long",
        f"identities: {{shop: {{sender: {LONG}.example.com, feedback: app}}}}",
        f'ses-feedback:identities.shop.sender: found "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"... of 312 characters, expected {A_SENDER}',
    ),
    case(
        "bounce without complaint",
        "identities: {shop: {sender: shop.example.com, bounce: app}}",
        "ses-feedback:identities.shop.complaint: found nothing, expected a channel or none (feedback states both bounce and complaint)",
    ),
    case(
        "no feedback at all",
        "identities: {shop: {sender: shop.example.com}}",
        "ses-feedback:identities.shop.bounce: found nothing, expected a channel or none (feedback states both bounce and complaint)",
        "ses-feedback:identities.shop.complaint: found nothing, expected a channel or none (feedback states both bounce and complaint)",
    ),
    case(
        "feedback beside bounce",
        "identities: {shop: {sender: shop.example.com, feedback: app, bounce: none}}",
        "ses-feedback:identities.shop.bounce: found it beside feedback, expected only one of the two",
    ),
    case(
        "feedback beside both",
        "identities: {shop: {sender: shop.example.com, feedback: app, bounce: none, complaint: none}}",
        "ses-feedback:identities.shop.bounce: found it beside feedback, expected only one of the two",
        "ses-feedback:identities.shop.complaint: found it beside feedback, expected only one of the two",
    ),
    case(
        "feedback null",
        "identities: {shop: {sender: shop.example.com, feedback: }}",
        "ses-feedback:identities.shop.feedback: found null, expected a channel or none, or no such key",
    ),
    case(
        "feedback a number",
        "identities: {shop: {sender: shop.example.com, feedback: 5}}",
        "ses-feedback:identities.shop.feedback: found 5, expected a channel or none",
    ),
    case(
        "feedback a list",
        "identities: {shop: {sender: shop.example.com, feedback: [app]}}",
        "ses-feedback:identities.shop.feedback: found a list, expected a channel or none",
    ),
    case(
        "feedback empty",
        "identities: {shop: {sender: shop.example.com, feedback: ''}}",
        'ses-feedback:identities.shop.feedback: found "", expected a channel or none',
    ),
    case(
        "feedback dangling",
        "identities: {shop: {sender: shop.example.com, feedback: apq}}",
        'ses-feedback:identities.shop.feedback: found "apq", expected a channel (app) or none',
    ),
    case(
        "routes dangling",
        "identities: {shop: {sender: shop.example.com, bounce: a, complaint: b, delivery: c}}",
        'ses-feedback:identities.shop.bounce: found "a", expected a channel (app) or none',
        'ses-feedback:identities.shop.complaint: found "b", expected a channel (app) or none',
        'ses-feedback:identities.shop.delivery: found "c", expected a channel (app) or none',
    ),
    case(
        "feedback of another letter case",
        "identities: {shop: {sender: shop.example.com, feedback: App}}",
        'ses-feedback:identities.shop.feedback: found "App", expected a channel (app) or none',
    ),
    case(
        "delivery null",
        "identities: {shop: {sender: shop.example.com, feedback: app, delivery: }}",
        "ses-feedback:identities.shop.delivery: found null, expected a channel or none",
    ),
    case(
        "delivery false",
        "identities: {shop: {sender: shop.example.com, feedback: app, delivery: false}}",
        "ses-feedback:identities.shop.delivery: found false, expected a channel or none",
    ),
    case(
        "configurationSet dangling",
        "identities: {shop: {sender: shop.example.com, feedback: app, configurationSet: campaigns}}",
        'ses-feedback:identities.shop.configurationSet: found "campaigns", expected a configuration set (none is there) or none',
    ),
    case(
        "configurationSet null",
        "identities: {shop: {sender: shop.example.com, feedback: app, configurationSet: }}",
        "ses-feedback:identities.shop.configurationSet: found null, expected a configuration set or none",
    ),
    case(
        "originalHeaders as text",
        "identities: {shop: {sender: shop.example.com, feedback: app, originalHeaders: bounce}}",
        'ses-feedback:identities.shop.originalHeaders: found "bounce", expected a list',
    ),
    case(
        "originalHeaders of an unknown event",
        "identities: {shop: {sender: shop.example.com, feedback: app, originalHeaders: [bounces]}}",
        'ses-feedback:identities.shop.originalHeaders[0]: found "bounces", expected one of bounce, complaint, delivery',
    ),
    case(
        "originalHeaders of an event of sets",
        "identities: {shop: {sender: shop.example.com, feedback: app, originalHeaders: [open]}}",
        'ses-feedback:identities.shop.originalHeaders[0]: found "open", expected one of bounce, complaint, delivery',
    ),
    case(
        "originalHeaders twice",
        "identities: {shop: {sender: shop.example.com, feedback: app, originalHeaders: [bounce, bounce]}}",
        'ses-feedback:identities.shop.originalHeaders[1]: found "bounce" twice, expected each event once',
    ),
    case(
        "originalHeaders without a route",
        "identities: {shop: {sender: shop.example.com, feedback: app, originalHeaders: [bounce, delivery]}}",
        'ses-feedback:identities.shop.originalHeaders[1]: found "delivery" without a route, expected events that go to a channel',
    ),
    case(
        "originalHeaders of a route to none",
        "identities: {shop: {sender: shop.example.com, bounce: none, complaint: app, originalHeaders: [bounce]}}",
        'ses-feedback:identities.shop.originalHeaders[0]: found "bounce" without a route, expected events that go to a channel',
    ),
    case(
        "mailFrom not below",
        "identities: {shop: {sender: shop.example.com, feedback: app, mailFrom: bounce.example.com}}",
        'ses-feedback:identities.shop.mailFrom: found "bounce.example.com", expected a domain below shop.example.com',
    ),
    case(
        "mailFrom the domain itself",
        "identities: {shop: {sender: shop.example.com, feedback: app, mailFrom: shop.example.com}}",
        'ses-feedback:identities.shop.mailFrom: found "shop.example.com", expected a domain below shop.example.com',
    ),
    case(
        "mailFrom not at a label",
        "identities: {shop: {sender: shop.example.com, feedback: app, mailFrom: bounceshop.example.com}}",
        'ses-feedback:identities.shop.mailFrom: found "bounceshop.example.com", expected a domain below shop.example.com',
    ),
    case(
        "mailFrom null",
        "identities: {shop: {sender: shop.example.com, feedback: app, mailFrom: }}",
        "ses-feedback:identities.shop.mailFrom: found null, expected a domain such as sub.example.com, or no such key",
    ),
    case(
        "mailFrom an address",
        "identities: {shop: {sender: shop.example.com, feedback: app, mailFrom: bounce@shop.example.com}}",
        'ses-feedback:identities.shop.mailFrom: found "bounce@shop.example.com", expected a domain such as sub.example.com',
    ),
    case(
        "hostedZone a path",
        "identities: {shop: {sender: shop.example.com, feedback: app, hostedZone: /hostedzone/Z0123456789ABCDEFGHIJ}}",
        'ses-feedback:identities.shop.hostedZone: found "/hostedzone/Z0123456789ABCDEFGHIJ", expected the id of a Route 53 hosted zone such as Z0123456789ABCDEFGHIJ',
    ),
    case(
        "mailFrom and hostedZone on an address",
        "identities: {news: {sender: news@shop.example.com, feedback: app, mailFrom: bounce.shop.example.com, hostedZone: Z0123456789ABCDEFGHIJ}}",
        "ses-feedback:identities.news.mailFrom: found it on an address, expected it on a domain only",
        "ses-feedback:identities.news.hostedZone: found it on an address, expected it on a domain only",
    ),
    case(
        "existing with what is its owner's",
        (
            "identities: {shop: {sender: shop.example.com, feedback: app, existing: true, mailFrom: bounce.shop.example.com, hostedZone: Z0123456789ABCDEFGHIJ, configurationSet: s}}\n"
            "configurationSets: {s: {}}"
        ),
        "ses-feedback:identities.shop.configurationSet: found it on an existing identity, expected it where the identity is verified",
        "ses-feedback:identities.shop.mailFrom: found it on an existing identity, expected it where the identity is verified",
        "ses-feedback:identities.shop.hostedZone: found it on an existing identity, expected it where the identity is verified",
    ),
    case(
        "existing as text",
        "identities: {shop: {sender: shop.example.com, feedback: app, existing: 'yes'}}",
        'ses-feedback:identities.shop.existing: found "yes", expected true or false',
    ),
    case(
        "forwarding null",
        "identities: {shop: {sender: shop.example.com, feedback: app, forwarding: }}",
        "ses-feedback:identities.shop.forwarding: found null, expected true or false, or no such key",
    ),
    case(
        "same domain twice",
        "identities: {shop: {sender: shop.example.com, feedback: app}, laden: {sender: SHOP.example.com, feedback: none}}",
        'ses-feedback:identities.laden.sender: found "shop.example.com", the sender of shop, expected each sender once',
    ),
    case(
        "same address twice",
        "identities: {a: {sender: News@shop.example.com, feedback: app}, b: {sender: News@shop.example.com, feedback: app}}",
        'ses-feedback:identities.b.sender: found "News@shop.example.com", the sender of a, expected each sender once',
    ),
    case(
        "same domain twice, told twice by one",
        (
            "identities: {a: {sender: shop.example.com, feedback: app}, b: {sender: shop.example.com, feedback: none, configurationSet: s}}\n"
            "configurationSets: {s: {notify: {app: [bounce]}}}"
        ),
        'ses-feedback:identities.b.sender: found "shop.example.com", the sender of a, expected each sender once',
    ),
]

LOOP = [
    case(
        "address shadows delivery",
        "identities: {shop: {sender: shop.example.com, feedback: app, delivery: app}, news: {sender: news@shop.example.com, feedback: app}}",
        f"ses-feedback:identities.news.delivery: found nothing, where shop (shop.example.com) has app, expected a channel or none: {MOST_SPECIFIC}",
    ),
    case(
        "sub-domain shadows default set",
        (
            "identities: {shop: {sender: example.com, feedback: app, configurationSet: s}, news: {sender: news.shop.example.com, feedback: app}}\n"
            "configurationSets: {s: {}}"
        ),
        f"ses-feedback:identities.news.configurationSet: found nothing, where shop (example.com) has s, expected a configuration set or none: {MOST_SPECIFIC}",
    ),
    case(
        "address shadows both",
        (
            "identities: {shop: {sender: Shop.example.com, feedback: none, delivery: app, configurationSet: s}, news: {sender: news@SHOP.example.com, feedback: none}}\n"
            "configurationSets: {s: {}}"
        ),
        f"ses-feedback:identities.news.delivery: found nothing, where shop (shop.example.com) has app, expected a channel or none: {MOST_SPECIFIC}",
        f"ses-feedback:identities.news.configurationSet: found nothing, where shop (shop.example.com) has s, expected a configuration set or none: {MOST_SPECIFIC}",
    ),
    case(
        "labelled address shadows its address",
        "identities: {news: {sender: news@example.com, feedback: app, delivery: app}, label: {sender: news+a@example.com, feedback: app}}",
        f"ses-feedback:identities.label.delivery: found nothing, where news (news@example.com) has app, expected a channel or none: {MOST_SPECIFIC}",
    ),
    case(
        "existing address shadows default set",
        (
            "identities: {shop: {sender: shop.example.com, feedback: app, configurationSet: s}, news: {sender: news@shop.example.com, feedback: app, existing: true}}\n"
            "configurationSets: {s: {}}"
        ),
        f"ses-feedback:identities.news.configurationSet: found nothing, where shop (shop.example.com) has s, expected a configuration set or none: {MOST_SPECIFIC}",
    ),
    case(
        "told twice by feedback",
        (
            "identities: {shop: {sender: shop.example.com, feedback: app, configurationSet: s}}\n"
            "configurationSets: {s: {notify: {app: [bounce, complaint]}}}"
        ),
        "ses-feedback:identities.shop.feedback: found channel app, which configuration set s tells of bounce as well, expected one of the two ways for each event and channel",
        "ses-feedback:identities.shop.feedback: found channel app, which configuration set s tells of complaint as well, expected one of the two ways for each event and channel",
    ),
    case(
        "told twice by delivery",
        (
            "identities: {shop: {sender: shop.example.com, feedback: app, delivery: app, configurationSet: s}}\n"
            "configurationSets: {s: {notify: {app: [delivery]}}}"
        ),
        "ses-feedback:identities.shop.delivery: found channel app, which configuration set s tells of delivery as well, expected one of the two ways for each event and channel",
    ),
    case(
        "forwarding off without a route",
        "identities: {shop: {sender: shop.example.com, feedback: none, forwarding: false}}",
        "ses-feedback:identities.shop.forwarding: found false, where nobody hears of bounce and complaint, expected true, or a channel with a queue or a subscription for each",
    ),
    case(
        "forwarding off with one route",
        "identities: {shop: {sender: shop.example.com, bounce: app, complaint: none, forwarding: false}}",
        "ses-feedback:identities.shop.forwarding: found false, where nobody hears of complaint, expected true, or a channel with a queue or a subscription for each",
    ),
    case(
        "forwarding off where nobody listens",
        (
            "channels: {app: {}, idle: {}}\n"
            "identities: {shop: {sender: shop.example.com, feedback: idle, forwarding: false}}\n"
            "queues: {app: {channels: [app]}}"
        ),
        "ses-feedback:identities.shop.forwarding: found false, where nobody hears of bounce and complaint, expected true, or a channel with a queue or a subscription for each",
    ),
    case(
        "forwarding off by a set without listener",
        (
            "channels: {app: {}, idle: {}}\n"
            "identities: {shop: {sender: shop.example.com, feedback: none, configurationSet: s, forwarding: false}}\n"
            "configurationSets: {s: {notify: {idle: [bounce, complaint]}}}\n"
            "queues: {app: {channels: [app]}}"
        ),
        "ses-feedback:identities.shop.forwarding: found false, where nobody hears of bounce and complaint, expected true, or a channel with a queue or a subscription for each",
    ),
    case(
        "delivery to email",
        (
            "channels: {app: {}, team: {subscriptions: {x: {protocol: email, endpoint: a@example.com}}}}\n"
            "identities: {shop: {sender: shop.example.com, feedback: team, delivery: team}}"
        ),
        f"ses-feedback:identities.shop.delivery: found delivery to channel team (subscription x by email), expected {TOO_FREQUENT}",
    ),
    case(
        "opens to email-json",
        (
            "channels: {app: {}, team: {subscriptions: {x: {protocol: email-json, endpoint: a@example.com}}}}\n"
            "configurationSets: {s: {notify: {team: [bounce, open, click, send, deliveryDelay]}, trackingDomain: t.example.com}}"
        ),
        f"ses-feedback:configurationSets.s.notify.team: found open, click, send, deliveryDelay to channel team (subscription x by email-json), expected {TOO_FREQUENT}",
    ),
    case(
        "send to sms",
        (
            "channels: {app: {}, team: {subscriptions: {x: {protocol: sms, endpoint: '+15555550123'}}}}\n"
            "configurationSets: {s: {notify: {team: [send]}}}"
        ),
        f"ses-feedback:configurationSets.s.notify.team: found send to channel team (subscription x by sms), expected {TOO_FREQUENT}",
        "ses-feedback:configurationSets.s.notify.team: found events to channel team, which sends text messages (subscription x), expected a channel without sms: SNS drops texts over 1,600 characters",
    ),
    case(
        "headers to sms",
        (
            "channels: {app: {}, team: {subscriptions: {x: {protocol: sms, endpoint: '+15555550123'}}}}\n"
            "identities: {shop: {sender: shop.example.com, feedback: team, originalHeaders: [bounce]}}"
        ),
        "ses-feedback:identities.shop.originalHeaders: found headers of bounce to channel team, which sends text messages (subscription x), expected a channel without sms: SNS drops texts over 1,600 characters",
    ),
]

CONFIGURATIONSETS = [
    case(
        "set null",
        "configurationSets: {s: }",
        "ses-feedback:configurationSets.s: found null, expected a map ({} for an empty one)",
    ),
    case(
        "set's unknown key",
        "configurationSets: {s: {requireTLS: true}}",
        f'ses-feedback:configurationSets.s.requireTLS: found an unknown key, expected {OF_A_SET} ("requireTls" is meant?)',
    ),
    case(
        "notify as a list",
        "configurationSets: {s: {notify: [app]}}",
        "ses-feedback:configurationSets.s.notify: found a list, expected a map",
    ),
    case(
        "notify null",
        "configurationSets: {s: {notify: }}",
        "ses-feedback:configurationSets.s.notify: found null, expected a map ({} for an empty one)",
    ),
    case(
        "notify an event without list",
        "configurationSets: {s: {notify: {app: bounce}}}",
        'ses-feedback:configurationSets.s.notify.app: found "bounce", expected a list',
    ),
    case(
        "notify an unknown event",
        "configurationSets: {s: {notify: {app: [bounced]}}}",
        f'ses-feedback:configurationSets.s.notify.app[0]: found "bounced", expected {AN_EVENT}',
    ),
    case(
        "notify an event of another letter case",
        "configurationSets: {s: {notify: {app: [Bounce]}}}",
        f'ses-feedback:configurationSets.s.notify.app[0]: found "Bounce", expected {AN_EVENT}',
    ),
    case(
        "notify no event",
        "configurationSets: {s: {notify: {app: []}}}",
        "ses-feedback:configurationSets.s.notify.app: found an empty list, expected at least one event",
    ),
    case(
        "notify an event twice",
        "configurationSets: {s: {notify: {app: [bounce, bounce]}}}",
        'ses-feedback:configurationSets.s.notify.app[1]: found "bounce" twice, expected each once',
    ),
    case(
        "notify a dangling channel",
        "configurationSets: {s: {notify: {apq: [bounce]}}}",
        'ses-feedback:configurationSets.s.notify.apq: found the key "apq", expected a channel (app)',
    ),
    case(
        "notify none",
        "configurationSets: {s: {notify: {none: [bounce]}}}",
        'ses-feedback:configurationSets.s.notify.none: found the key "none", expected a channel (app)',
    ),
    case(
        "metrics none",
        "configurationSets: {s: {metrics: none}}",
        'ses-feedback:configurationSets.s.metrics: found "none", expected a list',
    ),
    case(
        "metrics twice",
        "configurationSets: {s: {metrics: [send, send]}}",
        'ses-feedback:configurationSets.s.metrics[1]: found "send" twice, expected each once',
    ),
    case(
        "metrics null",
        "configurationSets: {s: {metrics: }}",
        "ses-feedback:configurationSets.s.metrics: found null, expected a list",
    ),
    case(
        "dimensions beside no metrics",
        "configurationSets: {s: {metrics: [], dimensions: {campaign: unnamed}}}",
        "ses-feedback:configurationSets.s.dimensions: found dimensions beside metrics: [], expected metrics to count by them",
    ),
    case(
        "ten dimensions",
        "configurationSets: {s: {dimensions: {d0: x, d1: x, d2: x, d3: x, d4: x, d5: x, d6: x, d7: x, d8: x, d9: x}}}",
        "ses-feedback:configurationSets.s.dimensions: found 10 message tags, expected at most 9, since the set itself is a dimension",
    ),
    case(
        "dimension's name with a blank",
        "configurationSets: {s: {dimensions: {my campaign: unnamed}}}",
        "ses-feedback:configurationSets.s.dimensions: found the key \"my campaign\", expected letters, digits, '_' and '-', 1 to 255 of them",
    ),
    case(
        "dimension's value a number",
        "configurationSets: {s: {dimensions: {campaign: 5}}}",
        "ses-feedback:configurationSets.s.dimensions.campaign: found 5, expected letters, digits, '_' and '-', 1 to 255 of them",
    ),
    case(
        "suppress nothing",
        "configurationSets: {s: {suppress: []}}",
        "ses-feedback:configurationSets.s.suppress: found an empty list, expected bounce, complaint or both: a set cannot be changed to suppress nothing",
    ),
    case(
        "suppress an unknown reason",
        "configurationSets: {s: {suppress: [bounce, spam]}}",
        'ses-feedback:configurationSets.s.suppress[1]: found "spam", expected one of bounce, complaint',
    ),
    case(
        "suppress twice",
        "configurationSets: {s: {suppress: [bounce, bounce]}}",
        'ses-feedback:configurationSets.s.suppress[1]: found "bounce" twice, expected each once',
    ),
    case(
        "requireTls as text",
        "configurationSets: {s: {requireTls: always}}",
        'ses-feedback:configurationSets.s.requireTls: found "always", expected true or false',
    ),
    case(
        "trackingDomain a URL",
        "configurationSets: {s: {trackingDomain: 'https://track.shop.example.com'}}",
        'ses-feedback:configurationSets.s.trackingDomain: found "https://track.shop.example.com", expected a domain such as sub.example.com',
    ),
    case(
        "eleven destinations",
        (
            "channels: {app: {}, c0: {}, c1: {}, c2: {}, c3: {}, c4: {}, c5: {}, c6: {}, c7: {}, c8: {}}\n"
            "configurationSets: {s: {notify: {app: [bounce], c0: [bounce], c1: [bounce], c2: [bounce], c3: [bounce], c4: [bounce], c5: [bounce], c6: [bounce], c7: [bounce], c8: [bounce]}, dimensions: {campaign: unnamed}}}"
        ),
        "ses-feedback:configurationSets.s.notify: found 12 event destinations with those for metrics and event log, expected at most 10 in a set",
    ),
    case(
        "eleven destinations with the event log",
        (
            "eventLog: {}\n"
            "channels: {app: {}, c0: {}, c1: {}, c2: {}, c3: {}, c4: {}, c5: {}, c6: {}, c7: {}}\n"
            "configurationSets: {s: {notify: {app: [bounce], c0: [bounce], c1: [bounce], c2: [bounce], c3: [bounce], c4: [bounce], c5: [bounce], c6: [bounce], c7: [bounce]}, eventLog: [send]}}"
        ),
        "ses-feedback:configurationSets.s.notify: found 11 event destinations with those for metrics and event log, expected at most 10 in a set",
    ),
]

NO_EVENT_LOG = "found events for an event log that is not there, expected the key ses-feedback:eventLog as well ({} for its defaults)"

EVENT_LOG = [
    case(
        "eventLog null",
        "eventLog:",
        "ses-feedback:eventLog: found null, expected a map, or no such key",
    ),
    case(
        "eventLog true",
        "eventLog: true",
        "ses-feedback:eventLog: found true, expected a map",
    ),
    case(
        "eventLog's unknown key",
        "eventLog: {expiryDays: 30}",
        'ses-feedback:eventLog.expiryDays: found an unknown key, expected one of expireDays, bufferSeconds, bufferMegabytes, query ("expireDays" is meant?)',
    ),
    case(
        "eventLog out of bounds",
        "eventLog: {expireDays: 0, bufferSeconds: 901, bufferMegabytes: 129}",
        "ses-feedback:eventLog.expireDays: found 0, expected a whole number from 1 to 36500 days",
        "ses-feedback:eventLog.bufferSeconds: found 901, expected a whole number from 0 to 900 seconds",
        "ses-feedback:eventLog.bufferMegabytes: found 129, expected a whole number from 1 to 128 megabytes",
    ),
    case(
        "eventLog as fractions and text",
        "eventLog: {expireDays: 1.5, bufferSeconds: '60', query: yes please}",
        "ses-feedback:eventLog.expireDays: found 1.5, expected a whole number from 1 to 36500 days",
        'ses-feedback:eventLog.bufferSeconds: found "60", expected a whole number from 0 to 900 seconds',
        'ses-feedback:eventLog.query: found "yes please", expected true or false',
    ),
    case(
        "eventLog of a set without the part",
        "configurationSets: {a: {eventLog: [send]}, b: {}, c: {eventLog: [open], trackingDomain: t.example.com}}",
        f"ses-feedback:configurationSets.a.eventLog: {NO_EVENT_LOG}",
        f"ses-feedback:configurationSets.c.eventLog: {NO_EVENT_LOG}",
    ),
    case(
        "eventLog of a set with an unsound part",
        "eventLog: {query: 5}\nconfigurationSets: {s: {eventLog: [send]}}",
        "ses-feedback:eventLog.query: found 5, expected true or false",
    ),
    case(
        "eventLog of a set with a misspelt part",
        "eventlog: {}\nconfigurationSets: {s: {eventLog: [send]}}",
        f'ses-feedback:eventlog: found an unknown key, expected {TOP_LEVEL} ("eventLog" is meant?)',
    ),
    case(
        "eventLog of a set an event without list",
        "eventLog: {}\nconfigurationSets: {s: {eventLog: send}}",
        'ses-feedback:configurationSets.s.eventLog: found "send", expected a list',
    ),
    case(
        "eventLog of a set true",
        "eventLog: {}\nconfigurationSets: {s: {eventLog: true}}",
        "ses-feedback:configurationSets.s.eventLog: found true, expected a list",
    ),
    case(
        "eventLog of a set an unknown event",
        "eventLog: {}\nconfigurationSets: {s: {eventLog: [sent]}}",
        f'ses-feedback:configurationSets.s.eventLog[0]: found "sent", expected {AN_EVENT}',
    ),
    case(
        "eventLog of a set twice",
        "eventLog: {}\nconfigurationSets: {s: {eventLog: [send, open, send], trackingDomain: t.example.com}}",
        'ses-feedback:configurationSets.s.eventLog[2]: found "send" twice, expected each once',
    ),
]

QUEUES = [
    case(
        "queue null",
        "queues: {app: }",
        "ses-feedback:queues.app: found null, expected a map ({} for an empty one)",
    ),
    case(
        "queue as a list",
        "queues: {app: [app]}",
        "ses-feedback:queues.app: found a list, expected a map",
    ),
    case(
        "queue's unknown key",
        "queues: {app: {visibility: 60}}",
        'ses-feedback:queues.app.visibility: found an unknown key, expected one of channels, raw, visibilitySeconds, retentionDays, deadLetters, consumer ("visibilitySeconds" is meant?)',
    ),
    case(
        "queue of no channel",
        "queues: {app: {channels: []}}",
        "ses-feedback:queues.app.channels: found an empty list, expected at least one channel",
    ),
    case(
        "queue of a channel twice",
        "queues: {app: {channels: [app, app]}}",
        'ses-feedback:queues.app.channels[1]: found "app" twice, expected each channel once',
    ),
    case(
        "queue of a dangling channel",
        "queues: {app: {channels: [app, apq]}}",
        'ses-feedback:queues.app.channels[1]: found "apq", expected a channel (app)',
    ),
    case(
        "queue of none",
        "queues: {app: {channels: [none]}}",
        'ses-feedback:queues.app.channels[0]: found "none", expected a channel (app)',
    ),
    case(
        "queue's channels as text",
        "queues: {app: {channels: app}}",
        'ses-feedback:queues.app.channels: found "app", expected a list',
    ),
    case(
        "queue's channels null",
        "queues: {app: {channels: }}",
        "ses-feedback:queues.app.channels: found null, expected a list, or no such key",
    ),
    case(
        "queue's channel a number",
        "queues: {app: {channels: [5]}}",
        "ses-feedback:queues.app.channels[0]: found 5, expected a channel",
    ),
    case(
        "queue without any channel",
        (
            "channels: {}\n"
            "identities: {shop: {sender: shop.example.com, feedback: none}}"
        ),
        "ses-feedback:queues.app: found a queue without a channel, expected a channel to hear",
    ),
    case(
        "visibilitySeconds too many",
        "queues: {app: {visibilitySeconds: 43201}}",
        "ses-feedback:queues.app.visibilitySeconds: found 43201, expected a whole number from 0 to 43200 seconds",
    ),
    case(
        "visibilitySeconds as text",
        "queues: {app: {visibilitySeconds: '60'}}",
        'ses-feedback:queues.app.visibilitySeconds: found "60", expected a whole number from 0 to 43200 seconds',
    ),
    case(
        "visibilitySeconds negative",
        "queues: {app: {visibilitySeconds: -1}}",
        "ses-feedback:queues.app.visibilitySeconds: found -1, expected a whole number from 0 to 43200 seconds",
    ),
    case(
        "visibilitySeconds a fraction",
        "queues: {app: {visibilitySeconds: 1.5}}",
        "ses-feedback:queues.app.visibilitySeconds: found 1.5, expected a whole number from 0 to 43200 seconds",
    ),
    case(
        "retentionDays of SQS's end",
        "queues: {app: {retentionDays: 14}}",
        "ses-feedback:queues.app.retentionDays: found 14, expected a whole number from 1 to 13 days",
    ),
    case(
        "retentionDays 0",
        "queues: {app: {retentionDays: 0}}",
        "ses-feedback:queues.app.retentionDays: found 0, expected a whole number from 1 to 13 days",
    ),
    case(
        "retentionDays true",
        "queues: {app: {retentionDays: true}}",
        "ses-feedback:queues.app.retentionDays: found true, expected a whole number from 1 to 13 days",
    ),
    case(
        "deadLetters as a boolean",
        "queues: {app: {deadLetters: true}}",
        "ses-feedback:queues.app.deadLetters: found true, expected a map",
    ),
    case(
        "deadLetters null",
        "queues: {app: {deadLetters: }}",
        "ses-feedback:queues.app.deadLetters: found null, expected a map ({} for an empty one)",
    ),
    case(
        "deadLetters' unknown key",
        "queues: {app: {deadLetters: {after: 5}}}",
        "ses-feedback:queues.app.deadLetters.after: found an unknown key, expected one of afterReceives, retentionDays",
    ),
    case(
        "afterReceives 0",
        "queues: {app: {deadLetters: {afterReceives: 0}}}",
        "ses-feedback:queues.app.deadLetters.afterReceives: found 0, expected a whole number from 1 to 1000",
    ),
    case(
        "dead letters kept no longer",
        "queues: {app: {retentionDays: 7, deadLetters: {retentionDays: 7}}}",
        "ses-feedback:queues.app.deadLetters.retentionDays: found 7, expected more than retentionDays (7): a dead letter's age counts from its first arrival",
    ),
    case(
        "dead letters kept too long",
        "queues: {app: {deadLetters: {retentionDays: 15}}}",
        "ses-feedback:queues.app.deadLetters.retentionDays: found 15, expected a whole number from 1 to 14 days",
    ),
]

MONITORING = [
    case(
        "monitoring null",
        "monitoring:",
        "ses-feedback:monitoring: found null, expected a map, or no such key",
    ),
    case(
        "monitoring as text",
        "monitoring: app",
        'ses-feedback:monitoring: found "app", expected a map',
    ),
    case(
        "monitoring without a channel",
        "monitoring: {}",
        "ses-feedback:monitoring.alarms: found nothing, expected a channel",
    ),
    case(
        "alarms to a list",
        "monitoring: {alarms: [app]}",
        "ses-feedback:monitoring.alarms: found a list, expected a channel",
    ),
    case(
        "alarms to no channel of the stack",
        "monitoring: {alarms: oncal}\nchannels: {app: {}, oncall: {}}",
        'ses-feedback:monitoring.alarms: found "oncal", expected a channel (app, oncall)',
    ),
    case(
        "alarms to none",
        "monitoring: {alarms: none}",
        'ses-feedback:monitoring.alarms: found "none", expected a channel (app)',
    ),
    case(
        "monitoring's unknown key",
        "monitoring: {alarms: app, bouncerate: {}}\nqueues: {}",
        'ses-feedback:monitoring.bouncerate: found an unknown key, expected one of alarms, bounceRate, complaintRate, oldestMessageMinutes, sendsPerHour, account ("bounceRate" is meant?)',
    ),
    case(
        "unknown key of a rate",
        "monitoring: {alarms: app, bounceRate: {warn: 0.01}}\nqueues: {}",
        'ses-feedback:monitoring.bounceRate.warn: found an unknown key, expected one of warning, critical ("warning" is meant?)',
    ),
    case(
        "unknown key of the account",
        "monitoring: {alarms: app, account: {dailyQota: 1}}\nqueues: {}",
        'ses-feedback:monitoring.account.dailyQota: found an unknown key, expected one of dailyQuota, otherConfigurationSets ("dailyQuota" is meant?)',
    ),
    case(
        "rate as a number",
        "monitoring: {alarms: app, bounceRate: 0.05}",
        "ses-feedback:monitoring.bounceRate: found 0.05, expected a map",
    ),
    case(
        "rates in percent",
        "monitoring: {alarms: oncall, bounceRate: {warning: 2.5, critical: 5}, complaintRate: {critical: 0.1}}\nchannels: {app: {}, oncall: {}}",
        "ses-feedback:monitoring.bounceRate.warning: found 2.5, expected more than 0 and less than 0.1, where AWS may pause (rates are fractions: 2.5 % is 0.025)",
        "ses-feedback:monitoring.bounceRate.critical: found 5, expected more than 0 and less than 0.1, where AWS may pause (rates are fractions: 5 % is 0.05)",
        "ses-feedback:monitoring.complaintRate.critical: found 0.1, expected more than 0 and less than 0.005, where AWS may pause (rates are fractions: 0.1 % is 0.001)",
    ),
    case(
        "rates on AWS's pause lines",
        "monitoring: {alarms: oncall, bounceRate: {critical: 0.10}, complaintRate: {critical: 0.005}}\nchannels: {app: {}, oncall: {}}",
        "ses-feedback:monitoring.bounceRate.critical: found 0.1, expected more than 0 and less than 0.1, where AWS may pause (rates are fractions)",
        "ses-feedback:monitoring.complaintRate.critical: found 0.005, expected more than 0 and less than 0.005, where AWS may pause (rates are fractions)",
    ),
    case(
        "rates of nothing and less",
        "monitoring: {alarms: oncall, bounceRate: {warning: 0}, complaintRate: {warning: -0.1, critical: .nan}}\nchannels: {app: {}, oncall: {}}",
        "ses-feedback:monitoring.bounceRate.warning: found 0, expected more than 0 and less than 0.1, where AWS may pause (rates are fractions)",
        "ses-feedback:monitoring.complaintRate.warning: found -0.1, expected more than 0 and less than 0.005, where AWS may pause (rates are fractions)",
        "ses-feedback:monitoring.complaintRate.critical: found NaN, expected more than 0 and less than 0.005, where AWS may pause (rates are fractions)",
    ),
    case(
        "percentages that would be refused as fractions too",
        "monitoring: {alarms: oncall, bounceRate: {critical: 10}, complaintRate: {critical: 0.01}}\nchannels: {app: {}, oncall: {}}",
        "ses-feedback:monitoring.bounceRate.critical: found 10, expected more than 0 and less than 0.1, where AWS may pause (rates are fractions)",
        "ses-feedback:monitoring.complaintRate.critical: found 0.01, expected more than 0 and less than 0.005, where AWS may pause (rates are fractions)",
    ),
    case(
        "a percentage that is no more than the stated warning",
        "monitoring: {alarms: oncall, bounceRate: {warning: 0.04, critical: 4}, complaintRate: {warning: 0.05}}\nchannels: {app: {}, oncall: {}}",
        "ses-feedback:monitoring.bounceRate.critical: found 4, expected more than 0 and less than 0.1, where AWS may pause (rates are fractions)",
        "ses-feedback:monitoring.complaintRate.warning: found 0.05, expected more than 0 and less than 0.005, where AWS may pause (rates are fractions: 0.05 % is 0.0005)",
    ),
    case(
        "critical below warning",
        "monitoring: {alarms: oncall, bounceRate: {warning: 0.04, critical: 0.03}, complaintRate: {warning: 0.001, critical: 0.001}}\nchannels: {app: {}, oncall: {}}",
        "ses-feedback:monitoring.bounceRate.critical: found 0.03, expected more than warning (0.04)",
        "ses-feedback:monitoring.complaintRate.critical: found 0.001, expected more than warning (0.001)",
    ),
    case(
        "warning above the default of critical",
        "monitoring: {alarms: oncall, bounceRate: {warning: 0.06}}\nchannels: {app: {}, oncall: {}}",
        "ses-feedback:monitoring.bounceRate.warning: found 0.06, expected less than critical (0.05)",
    ),
    case(
        "rates as text",
        "monitoring: {alarms: oncall, bounceRate: {warning: 2.5 %, critical: '0.05'}, complaintRate: {warning: true}}\nchannels: {app: {}, oncall: {}}",
        'ses-feedback:monitoring.bounceRate.warning: found "2.5 %", expected a fraction such as 0.05 for 5 %',
        'ses-feedback:monitoring.bounceRate.critical: found "0.05", expected a fraction such as 0.05 for 5 %',
        "ses-feedback:monitoring.complaintRate.warning: found true, expected a fraction such as 0.05 for 5 %",
    ),
    case(
        "minutes of the oldest message",
        "monitoring: {alarms: oncall, oldestMessageMinutes: 0}\nchannels: {app: {}, oncall: {}}",
        "ses-feedback:monitoring.oldestMessageMinutes: found 0, expected a whole number from 1 to 1440 minutes",
    ),
    case(
        "sends of sets that cannot be counted",
        "monitoring: {alarms: oncall, sendsPerHour: {campaign: 5, s: 5, t: 0}}\nchannels: {app: {}, oncall: {}}\nconfigurationSets: {s: {metrics: [bounce]}, t: {}}",
        "ses-feedback:monitoring.sendsPerHour.t: found 0, expected a whole number from 1",
        'ses-feedback:monitoring.sendsPerHour.campaign: found the key "campaign", expected a configuration set (s, t)',
        "ses-feedback:monitoring.sendsPerHour.s: found a set whose metrics lack send, expected one that counts send, since the alarm could never go off",
    ),
    case(
        "quota of nothing",
        "monitoring: {alarms: oncall, account: {dailyQuota: 0}}\nchannels: {app: {}, oncall: {}}",
        "ses-feedback:monitoring.account.dailyQuota: found 0, expected a whole number from 1",
    ),
    case(
        "account as true",
        "monitoring: {alarms: oncall, account: true}\nchannels: {app: {}, oncall: {}}",
        "ses-feedback:monitoring.account: found true, expected a map",
    ),
    case(
        "other sets that are none",
        "monitoring: {alarms: oncall, account: {otherConfigurationSets: [a b, legacy, legacy]}}\nchannels: {app: {}, oncall: {}}",
        "ses-feedback:monitoring.account.otherConfigurationSets[0]: found \"a b\", expected a configuration set's name in SES: 1 to 64 letters, digits, '_' and '-'",
    ),
    case(
        "other sets twice, and one of the stack's own",
        "monitoring: {alarms: oncall, account: {otherConfigurationSets: [legacy, legacy, ses-feedback-dev-s]}}\nchannels: {app: {}, oncall: {}}\nconfigurationSets: {s: {}}",
        'ses-feedback:monitoring.account.otherConfigurationSets[1]: found "legacy" twice, expected each set once',
        'ses-feedback:monitoring.account.otherConfigurationSets[2]: found "ses-feedback-dev-s", the set s of this stack, expected sets of other stacks: those of this one count as they are',
    ),
    case(
        "filter on the channel for alarms",
        "monitoring: {alarms: oncall}\nchannels: {app: {}, oncall: {subscriptions: {desk: {protocol: email, endpoint: desk@example.com, filter: {eventType: [Bounce]}}}}}",
        "ses-feedback:channels.oncall.subscriptions.desk.filter: found a filter on the channel for alarms, expected no filter: an alarm has no key of an SES message and would be dropped",
    ),
    case(
        "queue that could only hear alarms",
        "monitoring: {alarms: app}",
        "ses-feedback:queues.app: found a queue without a channel, expected a channel to hear besides that for alarms (app)",
    ),
    case(
        "forwarding off where only alarms are heard",
        "monitoring: {alarms: app}\nchannels: {app: {}, qa: {}}\nidentities: {shop: {sender: shop.example.com, feedback: app, forwarding: false}}",
        "ses-feedback:identities.shop.forwarding: found false, where nobody hears of bounce and complaint, expected true, or a channel with a queue or a subscription for each",
    ),
    case(
        "pause without alarms",
        "configurationSets: {s: {pauseOnCriticalAlarm: true}, t: {pauseOnCriticalAlarm: false}}",
        "ses-feedback:configurationSets.s.pauseOnCriticalAlarm: found true without monitoring, expected the key ses-feedback:monitoring as well: its alarms call the guard",
    ),
    case(
        "more sets that pause than the guard has room for",
        f"configurationSets: {{{', '.join(f's{n}: {{pauseOnCriticalAlarm: true}}' for n in range(19))}}}\nmonitoring: {{alarms: app}}\nqueues: {{app: {{channels: [app]}}}}",
        "ses-feedback:configurationSets: found 19 sets with pauseOnCriticalAlarm, expected at most 18: the guard's policy has no room for more alarms",
    ),
    case(
        "pause beside monitoring that is unsound",
        "configurationSets: {s: {pauseOnCriticalAlarm: true}}\nmonitoring: {alarm: app}",
        "ses-feedback:monitoring.alarms: found nothing, expected a channel",
        'ses-feedback:monitoring.alarm: found an unknown key, expected one of alarms, bounceRate, complaintRate, oldestMessageMinutes, sendsPerHour, account ("alarms" is meant?)',
    ),
    case(
        "pause beside monitoring that is misspelt",
        "configurationSets: {s: {pauseOnCriticalAlarm: true}}\nmonitorng: {alarms: app}",
        f'ses-feedback:monitorng: found an unknown key, expected {TOP_LEVEL} ("monitoring" is meant?)',
    ),
    case(
        "alarms to a channel that is unsound",
        "monitoring: {alarms: oncall, sendsPerHour: {s: 5}}\nchannels: {app: {}, oncall: {encrypted: maybe}}\nconfigurationSets: {s: {metrics: 5}}",
        'ses-feedback:channels.oncall.encrypted: found "maybe", expected true or false',
        "ses-feedback:configurationSets.s.metrics: found 5, expected a list",
    ),
]

CREDENTIALS = [
    case(
        "consumer as text",
        "queues: {app: {consumer: role}}",
        'ses-feedback:queues.app.consumer: found "role", expected a map',
    ),
    case(
        "consumer null",
        "queues: {app: {consumer: }}",
        "ses-feedback:queues.app.consumer: found null, expected a map ({} for an empty one)",
    ),
    case(
        "consumer's unknown key",
        "queues: {app: {consumer: {key: main}}}",
        'ses-feedback:queues.app.consumer.key: found an unknown key, expected one of credentials, keys, pgpKey, trust ("keys" is meant?)',
    ),
    case(
        "credentials unknown",
        "queues: {app: {consumer: {credentials: password}}}",
        'ses-feedback:queues.app.consumer.credentials: found "password", expected one of stackOutput, pgp, secretsManager, role, none',
    ),
    case(
        "credentials of another letter case",
        "queues: {app: {consumer: {credentials: StackOutput}}}",
        'ses-feedback:queues.app.consumer.credentials: found "StackOutput", expected one of stackOutput, pgp, secretsManager, role, none',
    ),
    case(
        "no key",
        "queues: {app: {consumer: {keys: []}}}",
        "ses-feedback:queues.app.consumer.keys: found 0 names, expected one or two",
    ),
    case(
        "three keys",
        "queues: {app: {consumer: {keys: [a, b, c]}}}",
        "ses-feedback:queues.app.consumer.keys: found 3 names, expected one or two",
    ),
    case(
        "a key's name twice",
        "queues: {app: {consumer: {keys: [main, main]}}}",
        'ses-feedback:queues.app.consumer.keys: found "main" twice, expected two different names',
    ),
    case(
        "a key named none",
        "queues: {app: {consumer: {keys: [none]}}}",
        f'ses-feedback:queues.app.consumer.keys[0]: found the name "none", expected {A_NAME}',
    ),
    case(
        "a key's name a number",
        "queues: {app: {consumer: {keys: [1]}}}",
        f"ses-feedback:queues.app.consumer.keys[0]: found 1, expected {A_NAME}",
    ),
    case(
        "a key's name with capital",
        "queues: {app: {consumer: {keys: [Main]}}}",
        f'ses-feedback:queues.app.consumer.keys[0]: found "Main", expected {A_NAME}',
    ),
    case(
        "keys as text",
        "queues: {app: {consumer: {keys: main}}}",
        'ses-feedback:queues.app.consumer.keys: found "main", expected a list',
    ),
    case(
        "keys with role",
        "queues: {app: {consumer: {credentials: role, trust: [lambda.amazonaws.com], keys: [main]}}}",
        "ses-feedback:queues.app.consumer.keys: found keys beside credentials role, expected keys only with stackOutput, pgp or secretsManager",
    ),
    case(
        "keys with none",
        "queues: {app: {consumer: {credentials: none, keys: [main]}}}",
        "ses-feedback:queues.app.consumer.keys: found keys beside credentials none, expected keys only with stackOutput, pgp or secretsManager",
    ),
    case(
        "pgpKey in armour",
        "queues: {app: {consumer: {credentials: pgp, pgpKey: '-----BEGIN PGP PUBLIC KEY BLOCK-----'}}}",
        'ses-feedback:queues.app.consumer.pgpKey: found "-----BEGIN PGP PUBLIC KEY BLOCK-----", expected a PGP key (keybase:NAME or base64)',
    ),
    case(
        "pgp without pgpKey",
        "queues: {app: {consumer: {credentials: pgp}}}",
        "ses-feedback:queues.app.consumer.pgpKey: found nothing, expected a PGP key (keybase:NAME or base64) beside pgp",
    ),
    case(
        "pgpKey null",
        "queues: {app: {consumer: {credentials: pgp, pgpKey: }}}",
        "ses-feedback:queues.app.consumer.pgpKey: found null, expected a PGP key (keybase:NAME or base64), or no such key",
    ),
    case(
        "pgpKey without pgp",
        "queues: {app: {consumer: {pgpKey: 'keybase:somebody'}}}",
        "ses-feedback:queues.app.consumer.pgpKey: found pgpKey beside credentials stackOutput, expected pgpKey only with pgp",
    ),
    case(
        "role without trust",
        "queues: {app: {consumer: {credentials: role}}}",
        f"ses-feedback:queues.app.consumer.trust: found nothing, expected beside role a list with {A_PRINCIPAL}",
    ),
    case(
        "role with empty trust",
        "queues: {app: {consumer: {credentials: role, trust: []}}}",
        f"ses-feedback:queues.app.consumer.trust: found an empty list, expected a list with {A_PRINCIPAL}",
    ),
    case(
        "trust of everybody",
        "queues: {app: {consumer: {credentials: role, trust: ['*']}}}",
        f'ses-feedback:queues.app.consumer.trust[0]: found "*", expected {A_PRINCIPAL}',
    ),
    case(
        "trust of every role",
        "queues: {app: {consumer: {credentials: role, trust: ['arn:aws:iam::123456789012:role/*']}}}",
        f'ses-feedback:queues.app.consumer.trust[0]: found "arn:aws:iam::123456789012:role/*", expected {A_PRINCIPAL}',
    ),
    case(
        "trust of an account's number",
        "queues: {app: {consumer: {credentials: role, trust: [123456789012]}}}",
        f"ses-feedback:queues.app.consumer.trust[0]: found 123456789012, expected {A_PRINCIPAL}",
    ),
    case(
        "trust of a bare account",
        "queues: {app: {consumer: {credentials: role, trust: ['123456789012']}}}",
        f'ses-feedback:queues.app.consumer.trust[0]: found "123456789012", expected {A_PRINCIPAL}',
    ),
    case(
        "trust as text",
        "queues: {app: {consumer: {credentials: role, trust: lambda.amazonaws.com}}}",
        'ses-feedback:queues.app.consumer.trust: found "lambda.amazonaws.com", expected a list',
    ),
    case(
        "trust without role",
        "queues: {app: {consumer: {trust: [lambda.amazonaws.com]}}}",
        "ses-feedback:queues.app.consumer.trust: found trust beside credentials stackOutput, expected trust only with role",
    ),
]

SECURE_VALUES = [
    case(
        "secure channel",
        "channels: {app: {secure: AAAA}}",
        f"ses-feedback:channels.app: found a secure value, expected {IN_CLEAR}",
    ),
    case(
        "secure endpoint",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: {secure: AAAA}}}}}",
        f"ses-feedback:channels.app.subscriptions.x.endpoint: found a secure value, expected {IN_CLEAR}",
    ),
    case(
        "secure secretEndpoint",
        "channels: {app: {subscriptions: {x: {protocol: https, secretEndpoint: {secure: AAAA}}}}}",
        f"ses-feedback:channels.app.subscriptions.x.secretEndpoint: found a secure value, expected {IN_CLEAR}",
    ),
    case(
        "secure filter",
        "channels: {app: {subscriptions: {x: {protocol: https, endpoint: 'https://x.example.com/', filter: {bounce: {secure: AAAA}}}}}}",
        f"ses-feedback:channels.app.subscriptions.x.filter.bounce: found a secure value, expected {IN_CLEAR}",
    ),
    case(
        "secure tag",
        "tags: {a: {secure: AAAA}, b: c}",
        f"ses-feedback:tags.a: found a secure value, expected {IN_CLEAR}",
    ),
    case(
        "secure item of a list",
        "queues: {app: {channels: [app, {secure: AAAA}]}}",
        f"ses-feedback:queues.app.channels[1]: found a secure value, expected {IN_CLEAR}",
    ),
    case(
        "secure top-level key",
        "permissionsBoundary: {secure: AAAA}",
        f"ses-feedback:permissionsBoundary: found a secure value, expected {IN_CLEAR}",
    ),
    case(
        "secure identitiesFile",
        "identitiesFile: {secure: AAAA}",
        f"ses-feedback:identitiesFile: found a secure value, expected {IN_CLEAR}",
        without="identities",
    ),
    case(
        "secure twice below",
        "channels: {app: {topic: {secure: AAAA}, encrypted: {secure: BBBB}}}",
        f"ses-feedback:channels.app.topic: found a secure value, expected {IN_CLEAR}",
        f"ses-feedback:channels.app.encrypted: found a secure value, expected {IN_CLEAR}",
    ),
]

SEVERAL = [
    case(
        "one mistake hides no other",
        (
            "tags: [a]\n"
            "chanels: {}\n"
            "channels: {app: {encrypt: true}, Oncall: {}, qa: {subscriptions: {a: {protocol: fax}, b: {protocol: email, endpoint: b}}}}\n"
            "identities: {shop: {sender: 5, feedback: app}, news: {sender: news@shop.example.com, feedback: qa, delivery: nobody}, old: {sender: NEWS@shop.example.com}}\n"
            "configurationSets: {s: {notify: {app: [bounced], nobody: [bounce]}, suppress: []}}\n"
            "queues: {app: {retentionDays: 14, consumer: {keys: []}}, qa: {channels: [qa, nobody]}}"
        ),
        f'ses-feedback:chanels: found an unknown key, expected {TOP_LEVEL} ("channels" is meant?)',
        "ses-feedback:tags: found a list, expected a map",
        'ses-feedback:channels.app.encrypt: found an unknown key, expected one of encrypted, subscriptions, topic ("encrypted" is meant?)',
        f'ses-feedback:channels.Oncall: found the name "Oncall", expected {A_NAME}',
        "ses-feedback:channels.qa.subscriptions.a.endpoint: found nothing, expected endpoint or secretEndpoint",
        f'ses-feedback:channels.qa.subscriptions.a.protocol: found "fax", expected {A_PROTOCOL}',
        f"ses-feedback:identities.shop.sender: found 5, expected {A_SENDER}",
        "ses-feedback:identities.old.bounce: found nothing, expected a channel or none (feedback states both bounce and complaint)",
        "ses-feedback:identities.old.complaint: found nothing, expected a channel or none (feedback states both bounce and complaint)",
        f'ses-feedback:configurationSets.s.notify.app[0]: found "bounced", expected {AN_EVENT}',
        "ses-feedback:queues.app.retentionDays: found 14, expected a whole number from 1 to 13 days",
        'ses-feedback:channels.qa.subscriptions.b.endpoint: found "b", expected an e-mail address for email',
        "ses-feedback:configurationSets.s.suppress: found an empty list, expected bounce, complaint or both: a set cannot be changed to suppress nothing",
        'ses-feedback:identities.news.delivery: found "nobody", expected a channel (Oncall, app, qa) or none',
        'ses-feedback:configurationSets.s.notify.nobody: found the key "nobody", expected a channel (Oncall, app, qa)',
        'ses-feedback:queues.qa.channels[1]: found "nobody", expected a channel (Oncall, app, qa)',
    ),
    case(
        "an unsound channel is no dangling one",
        "channels: {app: 5}",
        "ses-feedback:channels.app: found 5, expected a map",
    ),
    case(
        "unsound channels are no dangling ones",
        "channels: app",
        'ses-feedback:channels: found "app", expected a map',
    ),
    case(
        "an unsound set is no dangling one",
        (
            "identities: {shop: {sender: shop.example.com, feedback: app, configurationSet: s}}\n"
            "configurationSets: {s: {metrics: 5}}"
        ),
        "ses-feedback:configurationSets.s.metrics: found 5, expected a list",
    ),
    case(
        "an unsound identity shadows nothing",
        "identities: {shop: {sender: shop.example.com, feedback: 5, delivery: app}, news: {sender: news@shop.example.com, feedback: app}}",
        "ses-feedback:identities.shop.feedback: found 5, expected a channel or none",
    ),
    case(
        "unsound queue, forwarding silent",
        (
            "identities: {shop: {sender: shop.example.com, feedback: app, forwarding: false}}\n"
            "queues: {app: {raw: 5}}"
        ),
        "ses-feedback:queues.app.raw: found 5, expected true or false",
    ),
    case(
        "unsound channel, forwarding silent",
        (
            "channels: {app: 5}\n"
            "identities: {shop: {sender: shop.example.com, feedback: app, forwarding: false}}\n"
            "queues: {}"
        ),
        "ses-feedback:channels.app: found 5, expected a map",
    ),
    case(
        "unsound subscriptions, forwarding silent",
        (
            "channels: {app: {subscriptions: 5}}\n"
            "identities: {shop: {sender: shop.example.com, feedback: app, forwarding: false}}\n"
            "queues: {}"
        ),
        "ses-feedback:channels.app.subscriptions: found 5, expected a map",
    ),
    case(
        "unsound events, forwarding silent",
        (
            "identities: {shop: {sender: shop.example.com, feedback: none, forwarding: false, configurationSet: s}}\n"
            "configurationSets: {s: {notify: {app: [bounced]}}}"
        ),
        f'ses-feedback:configurationSets.s.notify.app[0]: found "bounced", expected {AN_EVENT}',
    ),
    case(
        "a collection of a misspelt namespace is no dangling reference",
        "Ses-Feedback:channels: {app: {}}",
        'ses-feedback:channels: found the key "Ses-Feedback:channels", expected ses-feedback:channels',
        without="channels",
    ),
    case(
        "misspelt collection is no dangling reference",
        "channel: {app: {}}",
        f'ses-feedback:channel: found an unknown key, expected {TOP_LEVEL} ("channels" is meant?)',
        without="channels",
    ),
]

ALIKE = [
    *KEYS_OF_THE_TOP_LEVEL,
    *NAMES,
    *CHANNELS,
    *SUBSCRIPTIONS,
    *SECRETENDPOINTS,
    *IDENTITIES,
    *LOOP,
    *CONFIGURATIONSETS,
    *EVENT_LOG,
    *QUEUES,
    *MONITORING,
    *CREDENTIALS,
    *SEVERAL,
]
"""What `check` and the program say alike."""


@pytest.mark.parametrize(("snippet", "without", "lines"), [*ALIKE, *SECURE_VALUES])
def test_check_refuses(
    tmp_path: Path, snippet: str, without: str, lines: tuple[str, ...]
) -> None:
    found = refusals(tmp_path, snippet, without)
    assert found == list(lines)
    assert_fit_to_print(found)


@pytest.mark.parametrize(("snippet", "without", "lines"), ALIKE)
def test_the_program_refuses_with_the_same_words_and_declares_nothing(
    tmp_path: Path,
    snippet: str,
    without: str,
    lines: tuple[str, ...],
) -> None:
    found = refused_by_the_program(tmp_path, snippet, without)
    assert found == list(lines)
    assert_fit_to_print(found)


@pytest.mark.parametrize(("snippet", "without", "lines"), SECURE_VALUES)
def test_the_program_names_the_top_level_key_of_a_secure_value(
    tmp_path: Path,
    snippet: str,
    without: str,
    lines: tuple[str, ...],
) -> None:
    """Pulumi tells the program no more than that."""
    found = refused_by_the_program(tmp_path, snippet, without)
    key = lines[0].removeprefix("ses-feedback:").partition(":")[0].partition(".")[0]
    assert found == [f"ses-feedback:{key}: found a secure value, expected {IN_CLEAR}"]


def test_check_wants_secret_endpoints_to_be_secure_one_by_one(tmp_path: Path) -> None:
    """The program cannot tell a map that is secure as a whole from one with values
    that are; `check` could not see the names in it."""
    assert refusals(tmp_path, "secretEndpoints: {secure: AAAA}") == [
        f"ses-feedback:secretEndpoints: found a secure value, expected {IN_CLEAR}"
    ]


ONLY_UP_CAN_SEE = [
    case(
        "topic of another account",
        "channels: {app: {topic: 'arn:aws:sns:eu-west-1:210987654321:legacy'}}",
        "ses-feedback:channels.app.topic: found a topic of account 210987654321, expected one of 123456789012",
    ),
    case(
        "secret endpoint that does not fit",
        "channels: {app: {subscriptions: {x: {protocol: http, secretEndpoint: crm}}}}\n"
        "secretEndpoints: {crm: {secure: AAAA}}",
        "ses-feedback:secretEndpoints.crm: found a value that is not shown, expected a URL such as http://desk.example.com/ses, for subscription x of channel app",
    ),
    case(
        "secret endpoint that stands in clear as well",
        "channels: {app: {subscriptions: {x: {protocol: https, secretEndpoint: crm}, y: {protocol: https, secretEndpoint: desk}}}}\n"
        "secretEndpoints: {crm: {secure: AAAA}, desk: {secure: BBBB}}",
        "ses-feedback:channels.app.subscriptions.y: found the protocol and endpoint of subscription x, expected each endpoint once in a channel",
    ),
]


@pytest.mark.parametrize(("snippet", "without", "lines"), ONLY_UP_CAN_SEE)
def test_the_program_refuses_what_check_says_it_left_out(
    tmp_path: Path,
    snippet: str,
    without: str,
    lines: tuple[str, ...],
) -> None:
    assert checked(tmp_path, snippet, without).left_out
    found = refused_by_the_program(tmp_path, snippet, without)
    assert found == list(lines)
    assert_fit_to_print(found)


def refused_by_the_program(folder: Path, snippet: str, *without: str) -> list[str]:
    """What the program refuses; it must not have declared anything by then."""
    engine = Engine()
    with pytest.raises(pulumi.RunError) as refused:
        run(as_pulumi_hands_it(folder, snippet, *without), engine)
    assert not engine.by_urn
    return str(refused.value).split("\n")


def assert_fit_to_print(lines: Iterable[str]) -> None:
    """No secret, nothing twice, and no word of the code or of its libraries."""
    text = "\n".join(lines)
    assert PASSWORD not in text
    assert len(set(lines)) == len(list(lines))
    for word in ("pydantic", "Input should", "NoneType", "dict[", "Traceback"):
        assert word not in text


FILES = [
    pytest.param("", ["found nothing, expected a map with config"], id="empty"),
    pytest.param("# To do\n", ["found nothing, expected a map with config"], id="note"),
    pytest.param("5", ["found 5, expected a map with config"], id="number"),
    pytest.param("- a", ["found a list, expected a map with config"], id="list"),
    pytest.param("config", ['found "config", expected a map with config'], id="text"),
    pytest.param("{}", ["config: found nothing, expected a map of keys"], id="map"),
    pytest.param(
        "config:", ["config: found null, expected a map of keys"], id="config null"
    ),
    pytest.param(
        "config: [a]",
        ["config: found a list, expected a map of keys"],
        id="config list",
    ),
    pytest.param(
        "config: {a: !Ref b}",
        ["line 1: found a mistake (the tag !Ref), expected YAML"],
        id="tag",
    ),
    pytest.param(
        "config:\n  a: !!int five\n",
        ['line 2: found a mistake ("five" as int), expected YAML'],
        id="tag that does not fit",
    ),
    pytest.param(
        "config:\n  a: !!bool five\n",
        ['line 2: found a mistake ("five" as bool), expected YAML'],
        id="bool that is none",
    ),
    pytest.param(
        "config:\n  ? [a]\n  : b\n",
        ["line 2: found a mistake (a key that is no text), expected YAML"],
        id="list as a key",
    ),
    pytest.param(
        "config: &all\n  a: *all\n",
        ["line 1: found a mistake (an alias within its own anchor), expected YAML"],
        id="alias of itself",
    ),
    pytest.param(
        "config: {<<: 5}",
        ["line 1: found a mistake (<< with what is no map), expected YAML"],
        id="merge of a number",
    ),
    pytest.param(
        "config: " + "[" * 2000 + "]" * 2000,
        ["found a mistake (values nested too deep), expected YAML"],
        id="nested too deep",
    ),
    pytest.param(
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
            for before, name in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        [
            "line 5: found a mistake (more than 1,000,000 values by its aliases), expected YAML"
        ],
        id="aliases of aliases",
    ),
    pytest.param(
        b"config: \xff",
        ["found bytes that are no UTF-8, expected a YAML file"],
        id="not UTF-8",
    ),
]


@pytest.mark.parametrize(("text", "lines"), FILES)
def test_a_stack_file_that_holds_no_configuration_is_refused(
    tmp_path: Path, text: str | bytes, lines: list[str]
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(Refused) as refused:
        StackFile.read(path)
    found = str(refused.value).split("\n")
    separator = ":" if lines[0].startswith("config") else ": "
    assert found == [f"{path}{separator}{line}" for line in lines]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\tconfig: {}\n", id="tab"),
        pytest.param("config: [a\n", id="unfinished"),
        pytest.param("config: {a: *b}\n", id="unknown alias"),
        pytest.param("config: {}\n---\nconfig: {}\n", id="two documents"),
        pytest.param("config: a: b\n", id="two colons"),
        pytest.param("config: \0\n", id="null byte"),
    ],
)
def test_what_is_no_yaml_is_refused_in_a_line(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(Refused, match=r"found a mistake \(.*\), expected YAML$") as no:
        StackFile.read(path)
    assert "\n" not in str(no.value)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = write(tmp_path, stack_text(""))
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert Settings.check(StackFile.read(path)).region == "eu-west-1"


def test_aliases_and_merged_maps_are_read_as_what_they_repeat(tmp_path: Path) -> None:
    settings = checked(
        tmp_path,
        "identities: {a: &a {sender: a.example.com, feedback: app}, b: {<<: *a, sender: b.example.com}}\n"
        "queues: {app: &queue {retentionDays: 3}, other: *queue}",
    )
    assert settings.identities["b"].sender == "b.example.com"
    assert settings.identities["b"].feedback == "app"
    assert settings.queues["other"].retention_days == 3


def test_files_that_are_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "Pulumi.dev.yaml"
    folder.mkdir()
    for path, found in (
        (tmp_path / "Pulumi.prod.yaml", "no such file, expected a YAML file"),
        (folder, "nothing that can be read (is a directory), expected a YAML file"),
        (tmp_path / "dev.yaml", "this file name, expected Pulumi.STACK.yaml"),
        (tmp_path / "Pulumi.yaml", "this file name, expected Pulumi.STACK.yaml"),
    ):
        with pytest.raises(Refused) as refused:
            StackFile.read(path)
        assert str(refused.value) == f"{path}: found {found}"


@pytest.mark.parametrize(
    ("channels", "line"),
    [
        (
            r'{"app": {"\ud800": 1}}',
            r'ses-feedback:channels.app: found "\ud800", expected text',
        ),
        (
            r'{"app": {}, "\ud800": {}}',
            rf'ses-feedback:channels."\ud800": found the name "\ud800", expected {A_NAME}',
        ),
        (
            r'{"app": {"subscriptions": {"x": {"protocol": "http", "endpoint": "http://x", "filter": {"\ud800": [1]}}}}}',
            rf'ses-feedback:channels.app.subscriptions.x.filter."\ud800": found the key "\ud800", expected {A_MESSAGE_KEY}',
        ),
        (
            r'{"app": {"subscriptions": {"x": {"protocol": "http", "endpoint": "\ud800"}}}}',
            r'ses-feedback:channels.app.subscriptions.x.endpoint: found "\ud800", expected text',
        ),
    ],
)
def test_text_that_is_no_unicode_is_refused_in_unicode(
    tmp_path: Path, channels: str, line: str
) -> None:
    """JSON can say half a character; whoever prints it would stumble."""
    snippet = f"channels: '{channels}'"
    assert refusals(tmp_path, snippet) == [line]
    assert refused_by_the_program(tmp_path, snippet) == [line]


def test_a_key_in_two_namespaces_is_read_in_its_own(tmp_path: Path) -> None:
    assert refusals(tmp_path, "channels: 5\nSes-Feedback:channels: {}") == [
        'ses-feedback:channels: found the key "Ses-Feedback:channels", expected ses-feedback:channels',
        "ses-feedback:channels: found 5, expected a map",
    ]


def test_keys_of_the_stack_file_that_stand_twice_or_lack_a_namespace(
    tmp_path: Path,
) -> None:
    path = write(
        tmp_path,
        stack_text(
            "tags: {a: b, a: c}\n"
            "channels: {app: {encrypted: true, encrypted: false}, app: {raw: true}}\n"
            "protect: true\nprotect: false"
        )
        + "  configurationSets: {}\n  region: eu-west-1\nbackend: {url: x}\nbackend: {url: y}\n",
    )
    with pytest.raises(Refused) as refused:
        Settings.check(StackFile.read(path))
    assert str(refused.value).replace(f"{tmp_path}/", "").split("\n") == [
        "ses-feedback:tags.a: found this key twice, expected it once",
        "ses-feedback:channels.app.encrypted: found this key twice, expected it once",
        "ses-feedback:channels.app: found this key twice, expected it once",
        "ses-feedback:protect: found this key twice, expected it once",
        "Pulumi.dev.yaml:backend: found this key twice, expected it once",
        'ses-feedback:configurationSets: found the key "configurationSets", expected a namespace before it, as in ses-feedback:channels',
        'ses-feedback:region: found the key "region", expected a namespace before it, as in ses-feedback:channels',
        "ses-feedback:channels.app.raw: found an unknown key, expected one of encrypted, subscriptions, topic",
    ]


IDENTITIES_FILE = [
    pytest.param(None, "identities.yaml: found no such file, expected a YAML file"),
    pytest.param(
        "", "identities.yaml: found null, expected a map ({} for an empty one)"
    ),
    pytest.param("- a", "identities.yaml: found a list, expected a map"),
    pytest.param(
        "{}",
        "identities.yaml: found nothing, and no configurationSets either, expected at least one identity or configuration set",
    ),
    pytest.param(
        "shop: {sender: !Ref a}",
        "identities.yaml: line 1: found a mistake (the tag !Ref), expected YAML",
    ),
    pytest.param(
        "shop: {sender: shop.example.com, bounce: apq, complaint: app}",
        'identities.yaml:shop.bounce: found "apq", expected a channel (app) or none',
    ),
    pytest.param(
        "shop: {sender: shop.example.com, feedback: app}\n"
        "shop: {sender: shop.example.com, feedback: app}",
        "identities.yaml:shop: found this key twice, expected it once",
    ),
    pytest.param(
        "shop: {sender: shop.example.com, feedback: app, feedback: none}",
        "identities.yaml:shop.feedback: found this key twice, expected it once",
    ),
    pytest.param(
        "shop: {sender: {secure: AAAA}, feedback: app}",
        f"identities.yaml:shop.sender: found a secure value, expected {IN_CLEAR}",
    ),
    pytest.param(
        "None: {sender: shop.example.com, feedback: app}",
        f'identities.yaml:None: found the name "None", expected {A_NAME}',
    ),
]


@pytest.mark.parametrize(("text", "line"), IDENTITIES_FILE)
def test_refusals_of_the_identities_file_begin_with_its_name(
    tmp_path: Path, text: str | None, line: str
) -> None:
    if text is not None:
        (tmp_path / "identities.yaml").write_text(text)
    snippet = "identitiesFile: identities.yaml"
    assert refusals(tmp_path, snippet, "identities") == [line]
    found = refused_by_the_program(tmp_path, snippet, "identities")
    assert found == [line]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            ".",
            ".: found nothing that can be read (is a directory), expected a YAML file",
        ),
        (r'"a\nb"', r'"a\nb": found no such file, expected a YAML file'),
        (
            r'"a\0b"',
            r'"a\u0000b": found nothing that can be read (embedded null byte), expected a YAML file',
        ),
        (
            "5",
            "ses-feedback:identitiesFile: found 5, expected text (a number in quotes is text)",
        ),
        ("[a]", "ses-feedback:identitiesFile: found a list, expected text"),
        ("", "ses-feedback:identitiesFile: found null, expected text, or no such key"),
    ],
)
def test_an_identities_file_that_is_none(tmp_path: Path, name: str, line: str) -> None:
    """Nothing is said of identities that would be dangling or missing for it."""
    snippet = f"identitiesFile: {name}"
    assert refusals(tmp_path, snippet, "identities") == [line]
    found = refused_by_the_program(tmp_path, snippet, "identities")
    assert found == [line]


def test_identities_beside_an_identities_file(tmp_path: Path) -> None:
    assert refusals(tmp_path, "identitiesFile: identities.yaml") == [
        "ses-feedback:identitiesFile: found it beside identities, expected one of the two"
    ]


def test_a_mistake_in_the_identities_file_hides_none_in_the_stack_file(
    tmp_path: Path,
) -> None:
    (tmp_path / "identities.yaml").write_text("shop: {sender: !Ref a}")
    assert refusals(
        tmp_path,
        "identitiesFile: identities.yaml\nprotect: maybe\nqueues: {app: {raw: 5}}",
        "identities",
    ) == [
        "identities.yaml: line 1: found a mistake (the tag !Ref), expected YAML",
        'ses-feedback:protect: found "maybe", expected true or false',
        "ses-feedback:queues.app.raw: found 5, expected true or false",
    ]


@pytest.mark.parametrize(
    ("snippet", "lines"),
    [
        ("protect: 'true'", []),
        ("protect: True", []),
        ("tags: '{\"a\": \"b\"}'", []),
        ("channels: '{\"app\": {}}'", []),
        ("channels: '{\"app\": 5}'", ["ses-feedback:channels.app: found 5, expected a map"]),
        ("channels: '{app: {}}'", ['ses-feedback:channels: found "{app: {}}", expected a map']),
        (
            f"channels: '{'[' * 5000}'",
            [
                f'ses-feedback:channels: found "{"[" * 60}"... of 5000 characters, expected a map'
            ],
        ),
    ],
)  # fmt: skip
def test_text_at_the_top_level_is_read_as_pulumi_config_set_stores_it(
    tmp_path: Path, snippet: str, lines: list[str]
) -> None:
    assert refusals(tmp_path, snippet) == lines


def test_text_nested_too_deep_is_refused_like_any_other_text(tmp_path: Path) -> None:
    """How deep Python follows it depends on its version."""
    for depth in (700, 5_000, 200_000):
        nested = '{"app": ' * depth + "1" + "}" * depth
        snippet = f"channels: '{nested}'"
        (line,) = refusals(tmp_path, snippet)
        assert re.match(r"ses-feedback:(channels\S*)? found ", line)
        assert refused_by_the_program(tmp_path, snippet) == [line]


def test_the_name_of_a_set_in_ses_is_measured_with_project_and_stack(
    tmp_path: Path,
) -> None:
    """SES takes 64 characters; `ses-feedback-` and `-campaigns` are 23 of them."""
    text = stack_text("configurationSets: {campaigns: {}}")
    fits = write(tmp_path, text, f"Pulumi.{'s' * 41}.yaml")
    assert Settings.check(StackFile.read(fits))
    too_long = write(tmp_path, text, f"Pulumi.{'s' * 42}.yaml")
    with pytest.raises(Refused) as refused:
        Settings.check(StackFile.read(too_long))
    assert str(refused.value) == (
        "ses-feedback:configurationSets.campaigns: found the name"
        f' "ses-feedback-{"s" * 42}-campaigns" of 65 characters in SES,'
        " expected at most 64 letters, digits, '_' and '-' with project and stack"
    )


def test_many_names_are_not_all_listed_to_choose_from(tmp_path: Path) -> None:
    channels = ", ".join(f"c{i:02}: {{}}" for i in range(30))
    (line,) = refusals(tmp_path, f"channels: {{{channels}}}\nqueues: {{q: {{}}}}")
    names = ", ".join(f"c{i:02}" for i in range(20))
    assert line == (
        'ses-feedback:identities.shop.feedback: found "app",'
        f" expected a channel ({names}, and 10 more) or none"
    )


def test_check_with_an_account_refuses_a_topic_of_another(tmp_path: Path) -> None:
    snippet = "channels: {app: {topic: 'arn:aws:sns:eu-west-1:210987654321:legacy'}}"
    assert refusals(tmp_path, snippet, account=ACCOUNT) == [
        "ses-feedback:channels.app.topic: found a topic of account 210987654321, expected one of 123456789012"
    ]
