WITH bounced AS (
    SELECT DISTINCT
        CAST(
            from_iso8601_timestamp(bounce.timestamp) AT TIME ZONE 'UTC' AS date
        ) AS bounced_on,
        bounce.bouncetype AS bounce_type,
        bounce.bouncesubtype AS bounce_subtype,
        bounce.feedbackid AS feedback,
        address
    FROM events
    CROSS JOIN UNNEST(
        transform(bounce.bouncedrecipients, x -> x.emailaddress)
    ) AS t (address)
    WHERE eventtype = 'Bounce'
        AND day >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
)
SELECT bounced_on, bounce_type, bounce_subtype, count(*) AS recipients
FROM bounced
GROUP BY bounced_on, bounce_type, bounce_subtype
ORDER BY bounced_on DESC, recipients DESC, bounce_type, bounce_subtype
