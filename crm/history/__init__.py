"""Every write is an act: who did what and when, committed with its changes, or not at all.

The record is append-only and chained (each act's SHA-256 covers its number, its content as stored and the hash before it).
Personal values stand in the chain as salted digests only, so that a person can be erased and the chain stays whole.
"""
