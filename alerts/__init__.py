"""Who is told, and how: messages and channels.

Belongs here: rendering a notification and handing it to email or Slack. Does not: what is a deal, SQL, Dagster.
"""
