WITH refused AS (
    SELECT
        'Bounce' AS event,
        lower(nullif(regexp_extract(address, '[^<> ]+@[^<> ]+'), '')) AS recipient,
        mail.messageid AS message,
        CAST(
            from_iso8601_timestamp(bounce.timestamp) AT TIME ZONE 'UTC' AS timestamp
        ) AS refused_at
    FROM events
    CROSS JOIN UNNEST(
        transform(
            filter(
                bounce.bouncedrecipients,
                x -> bounce.bouncesubtype = 'MailboxFull'
                    OR x.status IN ('4.2.2', '5.2.2')
            ),
            x -> x.emailaddress
        )
    ) AS t (address)
    WHERE eventtype = 'Bounce'
        AND day >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
    UNION
    SELECT
        'DeliveryDelay' AS event,
        lower(nullif(regexp_extract(address, '[^<> ]+@[^<> ]+'), '')) AS recipient,
        mail.messageid AS message,
        CAST(
            from_iso8601_timestamp(deliverydelay.timestamp) AT TIME ZONE 'UTC'
            AS timestamp
        ) AS refused_at
    FROM events
    CROSS JOIN UNNEST(
        transform(
            filter(
                deliverydelay.delayedrecipients,
                x -> deliverydelay.delaytype = 'MailboxFull'
                    OR x.status IN ('4.2.2', '5.2.2')
            ),
            x -> x.emailaddress
        )
    ) AS t (address)
    WHERE eventtype = 'DeliveryDelay'
        AND day >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
)
SELECT
    recipient,
    count_if(event = 'Bounce') AS bounces,
    count_if(event = 'DeliveryDelay') AS delays,
    count(DISTINCT message) AS mails,
    min(refused_at) AS full_since,
    max(refused_at) AS latest
FROM refused
GROUP BY recipient
ORDER BY latest DESC, recipient
