SELECT * FROM message_trace WHERE `email.direction`='internal' AND (`m365.message_trace.cause`='dkim' OR `m365.message_trace.cause`='dmarc' OR `m365.message_trace.cause`='spf')
