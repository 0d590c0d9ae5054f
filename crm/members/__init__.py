"""Who belongs to the consortium.

企業会員 corporate members pay by size (101 employees or more 360,000 yen, 100 or fewer 120,000 yen a year), 准会員 associate members
nothing [4(3)イ]. One membership term per organisation and fiscal year is its own row; a gap stays visible. A member number is given at
acceptance, stable for life and never reused.
"""
