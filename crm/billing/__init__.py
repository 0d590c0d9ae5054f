"""What is owed and paid.

請求書 invoices are drafted, issued (numbered and frozen) and settled; a correction is another document. Numbers are gapless per series
and fiscal year. A payment settles many invoices and an invoice takes many payments; what is not allocated is money without a home.
"""
