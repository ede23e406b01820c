WITH bounced AS (
    SELECT DISTINCT
        lower(nullif(regexp_extract(address, '@([^@<> ]+)', 1), '')) AS domain,
        bounce.bouncetype AS bounce_type,
        coalesce(bounce.bouncesubtype, '') IN (
            'Suppressed', 'OnAccountSuppressionList'
        ) AS is_suppressed,
        bounce.feedbackid AS feedback,
        lower(nullif(regexp_extract(address, '[^<> ]+@[^<> ]+'), '')) AS recipient
    FROM events
    CROSS JOIN UNNEST(
        transform(bounce.bouncedrecipients, x -> x.emailaddress)
    ) AS t (address)
    WHERE eventtype = 'Bounce'
        AND day >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
)
SELECT
    domain,
    count(*) AS bounces,
    count_if(bounce_type = 'Permanent' AND NOT is_suppressed) AS permanent,
    count_if(bounce_type = 'Transient') AS transient,
    count_if(is_suppressed) AS suppressed,
    count(DISTINCT recipient) AS recipients
FROM bounced
GROUP BY domain
ORDER BY bounces DESC, domain
LIMIT 100
