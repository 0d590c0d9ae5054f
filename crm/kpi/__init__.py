"""How it went (成果指標): indicators with their targets, and figures that open into the list of what they count.

Words
    plan (実施計画)         the city's plan for some fiscal years: R4 is 第3期 (R4 to R7), R8 is 第4期 (R8 to R11)
    indicator (指標)        belongs to one plan; a new plan may define the same word differently
    target (目標), actual (実績)  for each fiscal year; an actual carries the day as of which it is true, and its source
    reading                an actual that was reported to us; what we measure ourselves is counted anew each time it is asked
    new entrant (新たな参入企業)  a company that newly came to the projects in a year, by the written definition `r8-1`
"""
