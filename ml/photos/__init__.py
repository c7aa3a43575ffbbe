"""Photos without a trained model: reading strangers' bytes safely, hashes of what they show, and who uses them again.

Belongs here: pure functions over bytes and arrays, numpy and Pillow only. Does not: fetching, storage, learned
embeddings (their vectors are never mixed with these). Not in the polling path.
"""
