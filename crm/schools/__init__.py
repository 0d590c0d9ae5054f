"""Schools and the programs held there. Never a pupil's name.
"""
