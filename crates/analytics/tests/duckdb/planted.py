"""A small archive with planted cases: thirty quiet days of a tenant, and one case for each question on the last day."""
import datetime as dt

FIRST = dt.datetime(2026, 11, 1)
LAST = FIRST + dt.timedelta(days=29)
OWN = "contoso.com"
rows = []


def domain(address):
    return address.split("@")[1] if address else None


def mail(time, sender, recipient, size=20_000, status="delivered", trace=None, sequence=None):
    number = len(rows)
    inside = [domain(sender) == OWN, domain(recipient) == OWN]
    direction = {(True, True): "internal", (True, False): "outbound", (False, True): "inbound"}.get(tuple(inside), "external")
    trace = trace or f"trace-{number}"
    rows.append({
        "event_id": f"{trace}/{recipient}/{status}", "time": time, "day": time.date(), "sender": sender,
        "sender_domain": domain(sender), "recipient": recipient, "recipient_domain": domain(recipient),
        "subject": "Quarterly Report", "message_id": f"{trace}@mail", "trace_id": trace, "status": status, "cause": None,
        "outcome": "success" if status == "delivered" else "failure", "direction": direction, "size": size,
        "source_ip": "192.0.2.10", "is_bounce": sender is None, "sequence": sequence,
    })


for day in range(30):
    at = FIRST + dt.timedelta(days=day, hours=9)
    for user in range(8):
        for number in range(4 + (user + day) % 3):
            mail(at + dt.timedelta(minutes=7 * number), f"user{user}@{OWN}", f"partner{number}@fabrikam.com")
        mail(at + dt.timedelta(minutes=3), "news@example.net", f"user{user}@{OWN}")
        mail(at + dt.timedelta(minutes=5), f"user{user}@{OWN}", f"user{(user + 1) % 8}@{OWN}")
noon = LAST + dt.timedelta(hours=12)
# Exfiltration by number, by size to one address, and to the sender's own private address.
for number in range(120):
    mail(noon + dt.timedelta(seconds=number), f"user1@{OWN}", f"buyer{number}@example.org", 9_000)
for number in range(6):
    mail(noon + dt.timedelta(minutes=number), f"user2@{OWN}", "drop@example.org", 25_000_000)
# The last of them was pending before it was delivered: it counts once.
mail(noon, f"user3@{OWN}", "u.ser3@example.com", 4_000_000, status="pending", trace="slow")
mail(noon, f"user3@{OWN}", "u.ser3@example.com", 4_000_000, trace="slow", sequence=1)
# Look-alikes, enumeration, backscatter, a release out of quarantine.
mail(noon, "ceo@c0ntoso.com", f"user4@{OWN}")
for number in range(40):
    mail(noon + dt.timedelta(seconds=number), "probe@example.org", f"guess{number}@{OWN}", status="failed")
for number in range(15):
    mail(noon + dt.timedelta(seconds=number), None, f"user5@{OWN}")
mail(noon, "shop@example.net", f"user6@{OWN}", status="quarantined", trace="released")
mail(noon + dt.timedelta(hours=1), "shop@example.net", f"user6@{OWN}", trace="released", sequence=1)
