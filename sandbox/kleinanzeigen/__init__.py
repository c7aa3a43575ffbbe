"""A classifieds site of the sandbox's own making, in the manner of kleinanzeigen."""
