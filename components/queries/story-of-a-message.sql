SELECT DISTINCT
    CAST(
        from_iso8601_timestamp(
            coalesce(
                bounce.timestamp,
                complaint.timestamp,
                delivery.timestamp,
                open.timestamp,
                click.timestamp,
                deliverydelay.timestamp,
                subscription.timestamp,
                mail.timestamp
            )
        ) AT TIME ZONE 'UTC' AS timestamp
    ) AS happened_at,
    eventtype AS event,
    array_join(
        coalesce(
            transform(bounce.bouncedrecipients, x -> x.emailaddress),
            transform(complaint.complainedrecipients, x -> x.emailaddress),
            transform(deliverydelay.delayedrecipients, x -> x.emailaddress),
            delivery.recipients,
            mail.destination
        ),
        ', '
    ) AS recipients,
    CASE eventtype
        WHEN 'Reject' THEN reject.reason
        WHEN 'Bounce' THEN concat_ws(
            ', ',
            bounce.bouncetype,
            bounce.bouncesubtype,
            nullif(
                array_join(
                    transform(bounce.bouncedrecipients, x -> x.diagnosticcode), '; '
                ),
                ''
            )
        )
        WHEN 'Complaint' THEN coalesce(
            complaint.complaintsubtype, complaint.complaintfeedbacktype
        )
        WHEN 'Delivery' THEN delivery.smtpresponse
        WHEN 'Open' THEN open.useragent
        WHEN 'Click' THEN click.link
        WHEN 'Rendering Failure' THEN concat_ws(
            ': ', failure.templatename, failure.errormessage
        )
        WHEN 'DeliveryDelay' THEN concat_ws(
            ', ',
            deliverydelay.delaytype,
            nullif(
                array_join(
                    transform(deliverydelay.delayedrecipients, x -> x.diagnosticcode),
                    '; '
                ),
                ''
            )
        )
        WHEN 'Subscription' THEN concat_ws(
            ', ', subscription.contactlist, subscription.source
        )
    END AS details,
    mail.source AS source,
    element_at(
        element_at(mail.tags, 'ses:configuration-set'), 1
    ) AS configuration_set
FROM events
WHERE mail.messageid = ?
    AND day >= date_format(current_date - INTERVAL '90' DAY, '%Y-%m-%d')
ORDER BY happened_at, event
