"""The demo's mailbox: a real SMTP server and a Slack-shaped webhook on loopback, and pages that show what arrived.

Knows nothing of how alerts are made; it receives them as any mail server and any webhook would.
"""
