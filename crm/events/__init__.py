"""Gatherings: seminars, public lectures, workshops, with registration, waiting list and attendance.

Registered is not attended; free or paid makes no difference to any count. Never oversold, no seat empty while someone waits.
"""
