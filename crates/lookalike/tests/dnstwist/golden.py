"""What dnstwist 20250130 makes of the domains given: `protected family domain`, one a line, sorted.

    pip install dnstwist==20250130 idna
    python golden.py ibm.com bnpparibas.fr con-toso.co.uk mail.abc.de > golden.txt
    python golden.py - < brands.txt | cargo run --release -p message-trace-lookalike --example compare
"""
import sys

import dnstwist

WORDS = ["login", "pay", "toso"]
SUFFIXES = ["net", "org", "co"]

domains = [line.strip() for line in sys.stdin if line.strip()] if sys.argv[1:] == ["-"] else sys.argv[1:]
for domain in domains:
    fuzzer = dnstwist.Fuzzer(domain, dictionary=WORDS, tld_dictionary=SUFFIXES)
    fuzzer.generate()
    for made in sorted((p["fuzzer"], p["domain"]) for p in fuzzer.domains):
        if made[0] != "*original":
            print(domain, *made)
