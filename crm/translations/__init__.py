"""The words of every language: one readable catalogue per package, joined and compiled at set-up.

English is written in the code and complete by itself; ``ja/<package>.po`` holds the Japanese of a package.
``python -m crm.translations.compiling`` joins them, ``python -m crm.translations.checking`` says what is missing or stale.
"""
