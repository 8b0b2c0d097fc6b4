-- The mapping of target `sekoia` for Fluent Bit's Lua filter, as one would write it by hand: what the WebAssembly
-- filter is measured against. Time zones, IPv6 spellings and odd values are left as they come; the filter does more.
-- The raw line is `log`, kept beside the parsed fields (`parser` filter with Reserve_Data and Preserve_Key), or the
-- record written anew.

local format, gsub, byte, concat = string.format, string.gsub, string.byte, table.concat
local escapes = {
    ['"'] = '\\"', ['\\'] = '\\\\', ['\n'] = '\\n', ['\r'] = '\\r', ['\t'] = '\\t', ['\b'] = '\\b', ['\f'] = '\\f',
}

local function escape(character)
    return escapes[character] or format('\\u%04x', byte(character))
end

local function write(value, out)
    local kind = type(value)
    if kind == 'string' then
        out[#out + 1] = '"' .. gsub(value, '[%c"\\]', escape) .. '"'
    elseif kind == 'table' then
        out[#out + 1] = '{'
        local first = true
        for key, member in pairs(value) do
            out[#out + 1] = (first and '"' or ',"') .. key .. '":'
            first = false
            write(member, out)
        end
        out[#out + 1] = '}'
    elseif kind == 'number' then
        out[#out + 1] = format('%.14g', value)
    else
        out[#out + 1] = kind == 'boolean' and tostring(value) or 'null'
    end
end

local function text(value)
    return type(value) == 'string' and value ~= '' and value or nil
end

local function is_ip(value)
    return text(value) and (value:match('^%d+%.%d+%.%d+%.%d+$') or value:match('^%x*:[%x:.]+$'))
end

local function time(value)
    local millis = value:match('^/Date%((%-?%d+)')
    if millis then
        local fraction = millis % 1000
        local seconds = os.date('!%Y-%m-%dT%H:%M:%S', (millis - fraction) / 1000)
        return fraction == 0 and seconds .. 'Z' or format('%s.%03d000Z', seconds, fraction)
    end
    local seconds, fraction = value:match('^(%d+%-%d+%-%d+T%d+:%d+:%d+)%.?(%d*)')
    if not seconds then
        return nil
    end
    fraction = (fraction .. '000000'):sub(1, 6)
    return fraction == '000000' and seconds .. 'Z' or seconds .. '.' .. fraction .. 'Z'
end

function sekoia(_, timestamp, row)
    local graph = row.receivedDateTime ~= nil
    local received = graph and row.receivedDateTime or row.Received
    received = received and time(received)
    local line = row.log
    if not line then
        local out = {}
        write(row, out)
        line = concat(out)
    end
    if not received then
        return 2, timestamp, { log = line, error = { message = 'no time' }, event = { kind = 'pipeline_error' } }
    end
    local event = {
        message = line,
        event = { category = { 'email' }, type = { 'info' } },
        ['@timestamp'] = received,
        email = {},
    }
    local sender, recipient, id, subject, from_ip, to_ip
    if graph then
        sender, recipient, id = text(row.senderAddress), text(row.recipientAddress), text(row.messageId)
        subject, from_ip, to_ip = text(row.subject), row.fromIP, row.toIP
        event.event.action = text(row.status)
        id = id and (id:match('^<(.*)>$') or id)
        if type(row.size) == 'number' then
            event.network = { bytes = row.size }
        end
    else
        sender, recipient, id = text(row.SenderAddress), text(row.RecipientAddress), text(row.MessageId)
        subject, from_ip = text(row.Subject), row.FromIP
        event.event.action = text(row.Status)
        event.office365 = { message_trace = { MessageTraceId = text(row.MessageTraceId), Size = row.Size } }
        if text(row.Organization) then
            event.organization = { name = row.Organization }
        end
    end
    event.email.from = sender and { address = { sender } }
    event.email.to = recipient and { address = { recipient } }
    event.email.message_id = id
    event.email.subject = subject
    local ips = {}
    if is_ip(from_ip) then
        event.source = { address = from_ip, ip = from_ip }
        ips[1] = from_ip
    end
    if is_ip(to_ip) then
        event.destination = { address = to_ip, ip = to_ip }
        if to_ip ~= from_ip then
            ips[#ips + 1] = to_ip
        end
    end
    if #ips > 0 then
        event.related = { ip = ips }
    end
    return 2, timestamp, event
end
