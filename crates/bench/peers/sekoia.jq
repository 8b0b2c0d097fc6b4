# The target `sekoia` in jq: run with -c -R.
def present: if . == null or . == "" then null else . end;
# Fractions are cut to six digits, and left out when zero.
def fraction: (. + "000000")[:6] | if . == "000000" then "Z" else "." + . + "Z" end;
def utc:
  if startswith("/Date(") then
    (.[6:-2] | tonumber) as $ms | ($ms / 1000 | floor) as $s
    | ($s | todate[:-1]) + ("00" + ($ms - $s * 1000 | tostring) | .[-3:] | fraction)
  else (if endswith("Z") then .[:-1] else . end) | .[:19] + (.[20:] | fraction) end;
def address: present | if . == null then null elif test("^[0-9.]+$|^[0-9a-f:.]+$") then . else null end;
def endpoint: if . == null then null else {ip: ., address: .} end;
def party: present | if . == null then null else {address: [.]} end;
def compact: with_entries(select(.value != null));

. as $line | fromjson
| (if has("receivedDateTime") then
    {graph: true, received: .receivedDateTime, id: (.messageId | present), sender: .senderAddress,
     recipient: .recipientAddress, subject: .subject, size: .size, status: .status, from: (.fromIP | address),
     to: (.toIP | address)}
    | .id |= (if . != null and startswith("<") and endswith(">") then .[1:-1] else . end)
  else
    {graph: false, received: .Received, id: (.MessageId | present), sender: .SenderAddress,
     recipient: .RecipientAddress, subject: .Subject, size: .Size, status: .Status, from: (.FromIP | address),
     to: null, trace: (.MessageTraceId | present), organization: (.Organization | present)}
  end) as $r
| {message: $line,
   event: ({action: ($r.status | present), category: ["email"], type: ["info"]} | compact),
   "@timestamp": ($r.received | utc),
   email: ({from: ($r.sender | party), to: ($r.recipient | party), message_id: $r.id, subject: ($r.subject | present)}
           | compact),
   network: (if $r.graph and $r.size != null then {bytes: $r.size} else null end),
   office365: (if $r.graph then null
               else {message_trace: ({MessageTraceId: $r.trace, Size: $r.size} | compact)} end),
   organization: (if $r.organization then {name: $r.organization} else null end),
   source: ($r.from | endpoint),
   destination: ($r.to | endpoint),
   related: (if $r.from == null and $r.to == null then null
             elif $r.from == $r.to or $r.to == null then {ip: [$r.from]}
             elif $r.from == null then {ip: [$r.to]}
             else {ip: [$r.from, $r.to]} end)}
| compact
