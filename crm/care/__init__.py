"""Sites where care is given (ケア現場): hospitals, clinics, visiting-nurse stations, care facilities, the nursing association.

Words
    care site       one place the consortium works with; a group (法人・グループ) may have several
"""
