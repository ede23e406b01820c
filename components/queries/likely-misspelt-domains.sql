WITH provider (name) AS (
    VALUES
        'gmail.com', 'googlemail.com', 'hotmail.com', 'hotmail.co.uk', 'hotmail.fr',
        'outlook.com', 'yahoo.com', 'yahoo.co.uk', 'yahoo.fr', 'icloud.com',
        'protonmail.com', 'comcast.net', 'verizon.net', 'sbcglobal.net',
        'bellsouth.net', 'btinternet.com', 't-online.de', 'freenet.de', 'orange.fr',
        'wanadoo.fr', 'laposte.net', 'libero.it', 'bigpond.com', 'rediffmail.com'
),
refused AS (
    SELECT DISTINCT
        lower(nullif(regexp_extract(address, '@([^@<> ]+)', 1), '')) AS domain,
        bounce.feedbackid AS feedback,
        lower(nullif(regexp_extract(address, '[^<> ]+@[^<> ]+'), '')) AS recipient
    FROM events
    CROSS JOIN UNNEST(
        transform(
            filter(
                bounce.bouncedrecipients,
                x -> bounce.bouncetype = 'Permanent'
                    OR x.status IN ('5.1.2', '5.4.4', '4.4.4')
                    OR regexp_like(
                        lower(x.diagnosticcode),
                        'lookup dns|no such domain|(domain|host) not found|nxdomain'
                    )
            ),
            x -> x.emailaddress
        )
    ) AS t (address)
    WHERE eventtype = 'Bounce'
        AND day >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
),
delivered AS (
    SELECT DISTINCT
        lower(nullif(regexp_extract(address, '@([^@<> ]+)', 1), '')) AS domain
    FROM events
    CROSS JOIN UNNEST(delivery.recipients) AS t (address)
    WHERE eventtype = 'Delivery'
        AND day >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
)
SELECT
    domain,
    name AS likely_meant,
    levenshtein_distance(domain, name) AS letters_wrong,
    count(DISTINCT feedback) AS bounces,
    count(DISTINCT recipient) AS recipients
FROM refused
CROSS JOIN provider
WHERE levenshtein_distance(domain, name) BETWEEN 1 AND 2
    AND domain NOT IN (SELECT name FROM provider)
    AND domain NOT IN (
        'mail.com', 'ymail.com', 'email.com', 'cloud.com', 'online.de'
    )
    AND domain NOT IN (SELECT domain FROM delivered WHERE domain IS NOT NULL)
    AND NOT (
        regexp_like(domain, '^(hotmail|orange|outlook|yahoo)[.][a-z][a-z]$')
        AND NOT regexp_like(domain, '[.](cm|co|om)$')
    )
GROUP BY domain, name
ORDER BY bounces DESC, domain, letters_wrong, likely_meant
