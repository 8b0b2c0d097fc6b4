SELECT * FROM message_trace WHERE (`m365.message_trace.previous_status`='Quarantined' OR `m365.message_trace.previous_status`='quarantined') AND `event.action`='delivered'
