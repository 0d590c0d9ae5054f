"""How it went: indicators with targets, and figures that open into the list of what they count.
"""
