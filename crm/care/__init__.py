"""Sites where care is given: hospitals, clinics, visiting-nurse stations, the nursing association.
"""
