WITH sent AS (
    SELECT DISTINCT
        lower(nullif(regexp_extract(address, '[^<> ]+@[^<> ]+'), '')) AS recipient,
        mail.commonheaders.subject AS subject,
        mail.messageid AS message,
        CAST(
            from_iso8601_timestamp(mail.timestamp) AT TIME ZONE 'UTC' AS timestamp
        ) AS sent_at
    FROM events
    CROSS JOIN UNNEST(mail.destination) AS t (address)
    WHERE eventtype = 'Send'
        AND day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')
        AND mail.commonheaders.subject IS NOT NULL
),
counted AS (
    SELECT
        recipient,
        subject,
        sent_at,
        count(*) OVER (
            PARTITION BY recipient, subject
            ORDER BY sent_at
            RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW
        ) AS within_an_hour
    FROM sent
)
SELECT
    recipient,
    subject,
    max(within_an_hour) AS most_in_an_hour,
    max(sent_at) AS latest
FROM counted
WHERE within_an_hour > 2
GROUP BY recipient, subject
ORDER BY most_in_an_hour DESC, recipient, subject
