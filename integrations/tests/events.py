"""Events of target `ecs` with planted cases: for each rule mail that it must find, and mail beside it that it must not.

Every event is one of the fixtures, whose status, cause and shape stay as they are; addresses, time and size are put in
as the mapping says. The fixtures are what the library gives, byte for byte, so no field here is made up.
"""
import copy
import datetime as dt
import functools
import json
import pathlib

ROOT = pathlib.Path(__file__).parents[2]
OWN = "contoso.com"
BEGIN = dt.datetime(2026, 11, 2, 9)
# Providers of private mail, and names before the at sign that are no person's, as the rules have them.
WEBMAIL = """aol.com gmail.com gmx.com gmx.de gmx.net googlemail.com hotmail.com hotmail.fr icloud.com laposte.net libero.it live.com
    mail.com mail.ru me.com msn.com orange.fr outlook.com outlook.fr proton.me protonmail.com qq.com web.de yahoo.com yahoo.fr
    yandex.ru""".split()
SHARED = "contact info noreply no-reply office postmaster sales support".split()

events = []
# Those of them that no rule may find.
quiet = []
# What each rule must find: identifiers of events, or the values that a rule counts by.
hits = {}


@functools.cache
def fixture(name):
    return json.loads((ROOT / "fixtures" / f"{name}.ecs.json").read_text())


def domain(address):
    return address.rpartition("@")[2].lower()


def person(address):
    return {"domain": domain(address), "email": address, "name": address.rpartition("@")[0]}


def direction(sender, recipient):
    inside = [address is not None and (domain(address) == OWN or domain(address).endswith(f".{OWN}"))
              for address in (sender, recipient)]
    return {(True, True): "internal", (True, False): "outbound", (False, True): "inbound"}.get(tuple(inside), "external")


def mail(base, sender, recipient, at, size=20_000, previous_status=None):
    """Appends an event made of the fixture `base`, and says its identifier."""
    event = copy.deepcopy(fixture(base))
    trace = f"trace-{len(events)}"
    event["@timestamp"] = event["email"]["delivery_timestamp"] = at.isoformat() + "Z"
    event["email"].update(direction=direction(sender, recipient), local_id=trace, message_id=f"{trace}@mail")
    event["email"]["to"] = {"address": [recipient]}
    event["destination"] = {"user": person(recipient)}
    addresses = [address for address in (sender, recipient) if address]
    event["related"].update(hosts=[domain(a) for a in addresses], user=[a.lower() for a in addresses])
    if sender:
        event["email"]["from"] = {"address": [sender]}
        event.setdefault("source", {})["user"] = person(sender)
    event["event"]["id"] = f"{trace}/{recipient.lower()}/{event['event']['action']}"
    event["m365"]["message_trace"].update(id=trace, size=size)
    if previous_status:
        event["m365"]["message_trace"]["previous_status"] = previous_status
    events.append(event)
    return event["event"]["id"]


def at(day=0, **more):
    return BEGIN + dt.timedelta(days=day, **more)


def plant():
    user = [f"user{number}@{OWN}" for number in range(20)]
    partner = "partner@fabrikam.com"
    quiet_traffic(user, partner)
    quiet.extend(events)
    single(user, partner)
    sizes(user, partner)
    counted(user)


def quiet_traffic(user, partner):
    for day in range(3):
        for number, address in enumerate(user):
            mail("status/delivered", address, partner, at(day, minutes=number))
            mail("status/delivered", "news@example.net", address, at(day, minutes=number))
            mail("status/delivered", address, user[number - 1], at(day, minutes=number))
    mail("status/failed", user[0], partner, at())
    mail("status/filtered-as-spam", "news@example.net", user[0], at())


def single(user, partner):
    hits["quarantine_released"] = {
        (mail("revision/status-changed", "shop@example.net", user[0], at(), previous_status="quarantined"),),
        (mail("revision/status-changed", "shop@example.net", user[1], at(), previous_status="Quarantined"),),
    }
    mail("revision/status-changed", "shop@example.net", user[2], at(), previous_status="pending")
    mail("status/quarantined", "shop@example.net", user[3], at())
    mail("status/failed", "shop@example.net", user[3], at(), previous_status="quarantined")

    hits["malware_from_inside"] = {
        (mail("cause/malware-step", user[0], user[1], at()),),
        (mail("cause/malware-step", user[0], partner, at()),),
        (mail("cause/phish-step", user[0], partner, at()),),
    }
    mail("cause/malware-step", partner, user[0], at())
    mail("cause/mailbox-full", user[0], partner, at())

    hits["relay_attempt"] = {(mail("cause/relay-anonymous", "probe@example.org", "probe@example.com", at()),)}
    mail("cause/relay-remote", user[0], partner, at())

    hits["external_to_external"] = {(mail("status/delivered", "probe@example.org", "drop@example.com", at()),)}
    mail("status/failed", "probe@example.org", "drop@example.com", at())

    hits["own_domain_spoofed"] = {
        (mail("cause/dmarc-code", f"ceo@{OWN}", user[0], at()),),
        (mail("cause/spf-code", f"ceo@{OWN}", user[0], at()),),
        (mail("cause/dkim-code", f"ceo@{OWN}", user[0], at()),),
    }
    mail("cause/dmarc-code", "ceo@example.org", user[0], at())
    mail("cause/dmarc-code", user[0], partner, at())

    hits["own_private_address"] = {(mail("status/delivered", user[3], "user3@example.net", at()),)}
    mail("status/delivered", user[3], "user4@example.net", at())
    mail("status/failed", user[3], "user3@example.net", at())
    for name in SHARED:
        mail("status/delivered", f"{name}@{OWN}", f"{name}@example.net", at())
    mail("status/delivered", "user3@example.net", user[3], at())

    once = {(mail("cause/dlp-code", user[4], partner, at(day)),) for day in (0, 2, 4)}
    again = {(mail("cause/dlp-code", user[5], partner, at(hours=hour)),) for hour in range(3)}
    twice = {(mail("cause/dlp-code", user[18], partner, at(hours=hour)),) for hour in range(2)}
    hits["dlp_blocked"] = once | again | twice
    hits["dlp_repeated"] = {(user[5],)}
    for hour in range(3):
        mail("cause/dlp-code", user[6], user[4], at(hours=hour))


def sizes(user, partner):
    hits["large_to_outside"] = {(mail("status/delivered", user[6], partner, at(), 25_000_000),)}
    mail("status/delivered", user[6], partner, at(hours=3), 24_999_999)
    mail("status/delivered", user[6], user[7], at(), 30_000_000)

    private = [f"somebody@{provider}" for provider in WEBMAIL]
    hits["large_to_webmail"] = {(mail("status/delivered", user[7], address, at(), 5_000_000),) for address in private}
    mail("status/delivered", user[7], private[0], at(hours=3), 4_999_999)
    mail("status/delivered", user[7], "somebody@example.net", at(), 6_000_000)
    mail("status/delivered", private[0], user[7], at(), 6_000_000)
    mail("status/failed", "visitor@example.org", private[0], at(), 6_000_000)

    hits["large_to_one"] = {(user[8], "drop@example.org")}
    for number in range(4):
        mail("status/delivered", user[8], "drop@example.org", at(minutes=number), 3_000_001)
        # Not large enough; to different recipients; over hours; within.
        mail("status/delivered", user[9], "drop@example.org", at(minutes=number), 3_000_000)
        mail("status/delivered", user[10], f"drop{number}@example.org", at(minutes=number), 4_000_000)
        mail("status/delivered", user[11], "drop@example.org", at(hours=number), 4_000_000)
        mail("status/delivered", user[12], user[11], at(minutes=number), 4_000_000)
        if number:
            mail("status/delivered", user[13], "drop@example.org", at(minutes=number), 4_000_000)


def counted(user):
    hits["fan_out"] = {(user[13],)}
    for number in range(50):
        mail("status/delivered", user[13], f"buyer{number}@example.org", at(hours=5, seconds=number))
        # One less, who are written to again; over two hours; within.
        mail("status/delivered", user[14], f"buyer{number % 49}@example.org", at(hours=5, seconds=number))
        mail("status/delivered", user[15], f"buyer{number}@example.org", at(hours=5 + 3 * (number % 2), seconds=number))
        mail("status/delivered", user[16], f"colleague{number}@{OWN}", at(hours=5, seconds=number))

    hits["refused_as_spam"] = {(user[17],)}
    for number in range(10):
        mail(f"cause/{'bulk-step' if number % 2 else 'spam-step'}", user[17], f"reader{number}@example.org", at(hours=5, minutes=number))
        mail("cause/spam-step", "news@example.net", user[17], at(hours=5, minutes=number))
        # One of ten comes hours later.
        mail("cause/spam-step", user[18], f"reader{number}@example.org", at(hours=5 if number else 9, minutes=number))

    hits["recipient_enumeration"] = {("example.org",)}
    for number in range(20):
        base = "cause/recipient-not-found" if number % 2 else "status/failed"
        mail(base, f"probe{number}@example.org", f"guess{number}@{OWN}", at(hours=5, seconds=number))
        mail("cause/mailbox-full", "list@example.com", f"guess{number}@{OWN}", at(hours=5, seconds=number))
        # Nineteen; twenty, two of them hours later.
        mail("cause/recipient-not-found", "list@example.net", f"guess{number % 19}@{OWN}", at(hours=5, seconds=number))
        mail("cause/recipient-not-found", "old@example.com", f"guess{number}@{OWN}", at(hours=5 if number > 1 else 9))
        mail("cause/recipient-not-found", user[19], f"guess{number}@{OWN}", at(hours=5, seconds=number))

    hits["backscatter"] = {(user[0],)}
    for number in range(10):
        mail("bounce/null-sender", None, user[0], at(hours=5, minutes=number))
        # One less; over days; to strangers.
        if number:
            mail("bounce/null-sender", None, user[1], at(hours=5, minutes=number))
        mail("bounce/null-sender", None, user[4], at(6 * (number % 2), hours=5, minutes=number))
        hits["external_to_external"].add((mail("bounce/null-sender", None, "visitor@example.org", at(hours=5, minutes=number)),))

    hits["mail_bomb"] = {(user[2],)}
    for number in range(100):
        base = f"status/{('delivered', 'filtered-as-spam', 'quarantined')[number % 3]}"
        mail(base, f"list{number}@example.com", user[2], at(hours=5, seconds=number))
        # One less, who write again; hours apart; refused; within.
        mail(base, f"list{number % 99}@example.com", user[3], at(hours=5, seconds=number))
        mail(base, f"list{number}@example.com", user[5], at(hours=5 + 3 * (number % 2), seconds=number))
        mail("status/failed", f"list{number}@example.com", user[6], at(hours=5, seconds=number))
        mail(base, f"colleague{number}@{OWN}", user[7], at(hours=5, seconds=number))

    hits["phishing_wave"] = {("example.net",)}
    for number in range(10):
        mail(f"cause/{'phish-step' if number % 2 else 'malware-step'}", f"bank{number}@example.net", user[number], at(hours=8))
        # One less; one of ten hours later; own senders, which another rule finds.
        mail("cause/phish-step", "bank@example.com", user[number % 9], at(hours=8))
        mail("cause/phish-step", "bank@fabrikam.com", user[number], at(hours=8 if number else 12))
        hits["malware_from_inside"].add((mail("cause/phish-step", user[number], f"buyer{number}@example.org", at(hours=8)),))


plant()


def delivered_twice():
    """Each row first as it was while it was pending, then as it is: what a destination has that keeps every delivery."""
    for event in events:
        first, then = copy.deepcopy(event), copy.deepcopy(event)
        first["event"].update(action="pending", outcome="unknown", id=event["event"]["id"].rpartition("/")[0] + "/pending")
        first["event"].pop("sequence", None)
        first["event"].pop("reason", None)
        trace = first["m365"]["message_trace"]
        trace["status"] = "pending"
        for detail in ("cause", "enhanced_status_code", "steps", "previous_status"):
            trace.pop(detail, None)
        then["event"]["sequence"] = max(2, then["event"].get("sequence", 0))
        yield from (first, then)


def flat(value, path=""):
    """Every leaf by its path; of an array the first element."""
    if isinstance(value, dict):
        return {p: leaf for key, inner in value.items() for p, leaf in flat(inner, f"{path}.{key}" if path else key).items()}
    if isinstance(value, list):
        return flat(value[0], path) if value else {}
    return {path: value}
