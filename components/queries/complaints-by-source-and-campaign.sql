SELECT
    mail.source AS source,
    element_at(element_at(mail.tags, 'campaign'), 1) AS campaign,
    count(DISTINCT complaint.feedbackid) AS complaints,
    count(DISTINCT mail.messageid) AS mails,
    max(
        CAST(
            from_iso8601_timestamp(complaint.timestamp) AT TIME ZONE 'UTC' AS timestamp
        )
    ) AS latest
FROM events
WHERE eventtype = 'Complaint'
    AND day >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
    AND coalesce(complaint.complaintfeedbacktype, '') <> 'not-spam'
    AND coalesce(complaint.complaintsubtype, '') <> 'OnAccountSuppressionList'
GROUP BY mail.source, element_at(element_at(mail.tags, 'campaign'), 1)
ORDER BY complaints DESC, source, campaign
