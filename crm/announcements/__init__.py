"""Announcements (案内メール): letters to many, to those who agreed and until they say stop.

A segment says whom, by conditions over members and people; it is counted anew each time it is looked at. An announcement is
written, tried on oneself, scheduled; at its time the recipients are fixed and the letters posted, nobody twice. Opt-in with the
evidence of it, the sender's name and address, and a way to stop in every letter are what 特定電子メール法 (3条, 4条) asks for;
associations like ours are outside of it and keep to it all the same. Invoices and other transactional letters are no
announcements and never end with one.
"""
