WITH seen AS (
    SELECT DISTINCT
        eventtype AS event,
        CAST(
            from_iso8601_timestamp(coalesce(open.timestamp, click.timestamp))
            AT TIME ZONE 'UTC' AS timestamp
        ) AS seen_at,
        element_at(element_at(mail.tags, 'campaign'), 1) AS campaign,
        click.link AS link,
        mail.messageid AS message,
        coalesce(open.ipaddress, click.ipaddress) AS ip_address,
        coalesce(open.useragent, click.useragent) AS user_agent
    FROM events
    WHERE eventtype IN ('Open', 'Click')
        AND day >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
)
SELECT
    CAST(seen_at AS date) AS seen_on,
    campaign,
    event,
    link,
    count(*) AS times,
    count(DISTINCT message) AS mails
FROM seen
GROUP BY CAST(seen_at AS date), campaign, event, link
ORDER BY seen_on DESC, campaign, event DESC, times DESC, link
