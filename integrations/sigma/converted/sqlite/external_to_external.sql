SELECT * FROM message_trace WHERE `email.direction`='external' AND `event.outcome`='success'
