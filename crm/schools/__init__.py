"""Schools (学校) and the programs held there (出前授業など). Pupils are counted, never named.

Words
    program     what is done with one course and grade of a school: how many pupils, what, in how many sessions
"""
