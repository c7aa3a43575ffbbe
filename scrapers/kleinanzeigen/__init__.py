"""A classifieds site in the manner of kleinanzeigen: server-rendered rows, prices with "VB" or "zu verschenken".

The eleventh source, written by following docs/adding-a-source.md. Its markup is the sandbox's own: the real site was
neither recorded nor asked, so this source is enabled in the sandbox only.
"""
