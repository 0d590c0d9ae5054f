"""Personal data (保有個人データ): what we hold about someone, showing it to them, erasing it, the register of what they ask for,

the log of what was handed to others, and what need not be kept any longer. What is personal is read from the tables
themselves: a column marked ``info=PERSONAL`` tomorrow is found, shown and erased tomorrow.
"""
