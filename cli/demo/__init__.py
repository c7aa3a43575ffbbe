"""The demo: a market in miniature on loopback, run through the real pipeline. The only room that imports the sandbox."""
