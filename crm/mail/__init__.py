"""Letters: every mail is a row from the moment it is decided until it is delivered.

A use case posts a letter inside its act, so the letter exists if and only if the act was committed. Its text is frozen then;
the worker sends it a moment later, at least once, always under the letter's own Message-ID. What cannot be sent is held or
failed with a reason the office can read, and a person may release it or try again.

    outbox      Letter, its states, posting, holding, releasing, trying again
    composing   a template and a language into subject and body
    delivery    claims due letters, sends them, backs off, gives up and says so
    messages    a letter as the message that goes over the wire
    smtp_door   SMTP
"""
