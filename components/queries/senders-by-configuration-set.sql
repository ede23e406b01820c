SELECT
    element_at(
        element_at(mail.tags, 'ses:configuration-set'), 1
    ) AS configuration_set,
    mail.source AS source,
    nullif(regexp_extract(mail.sourcearn, 'identity/(.+)', 1), '') AS identity,
    element_at(element_at(mail.tags, 'ses:caller-identity'), 1) AS caller,
    count(DISTINCT mail.messageid) AS mails,
    min(
        CAST(from_iso8601_timestamp(mail.timestamp) AT TIME ZONE 'UTC' AS timestamp)
    ) AS earliest,
    max(
        CAST(from_iso8601_timestamp(mail.timestamp) AT TIME ZONE 'UTC' AS timestamp)
    ) AS latest
FROM events
WHERE eventtype IS NOT NULL
    AND day >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
GROUP BY
    element_at(element_at(mail.tags, 'ses:configuration-set'), 1),
    mail.source,
    nullif(regexp_extract(mail.sourcearn, 'identity/(.+)', 1), ''),
    element_at(element_at(mail.tags, 'ses:caller-identity'), 1)
ORDER BY configuration_set, mails DESC, source, identity, caller
