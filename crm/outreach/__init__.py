"""What was done out there: figures of past years, reported as totals with their source.
"""
