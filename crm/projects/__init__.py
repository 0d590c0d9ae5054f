"""Project CHANGE and what came of it: participants (参画機関), joint-research and licence contracts, ventures.

A date may be known only to the month; its precision is kept.
"""
