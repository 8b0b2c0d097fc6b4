SELECT * FROM message_trace WHERE `email.direction`='outbound' AND `m365.message_trace.size` >= 25000000
