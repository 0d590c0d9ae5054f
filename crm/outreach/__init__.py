"""What was done out there (広報・視察): seminars, lectures, visits, media, interns, memoranda with other institutions.

Words
    reported total (報告値)  the figure of a past year as it was reported, with its source; it is never mixed with rows we count
    memorandum (MoU)        an agreement to cooperate with a university or institute
"""
