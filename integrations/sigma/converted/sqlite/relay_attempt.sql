SELECT * FROM message_trace WHERE `email.direction`='external' AND `m365.message_trace.cause`='relay-denied'
