"""Gatherings: seminars, public lectures, workshops, with registration, waiting list and attendance.

行事 (event) は一つ以上の回 (session) からなり、定員と申込は回ごとに数える。定員が空欄なら制限なし、0 なら受付しない。
申込 (registration) は一人または一組 (party)。満席のあとは申込順のキャンセル待ち (waiting) となり、空いた席は先頭の一組に期限付きで
案内 (offer) される。先頭の組の人数分が空くまで後の組が追い越すことはない。定員を増やすと待っていた人は確定し、必ず手紙で知らせる。
定員を減らしても誰も取り消されない。申し込んだことと来たこと (attended) は別に数え、有料か無料かはどの数にも影響しない。

Whatever gives or frees a seat first takes the session's row lock (``seating.locked``), then counts, then writes.
"""
