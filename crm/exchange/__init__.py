"""What comes in and goes out as a spreadsheet or as JSON.

Words
    sheet (表)            a file as rows of texts, each with the row number the office sees: `reading.Sheet`
    column (列)           a heading the importer knows and how its cells are understood: `columns.Column`
    plan (取込計画)        what an import would do, row by row, before anything is written: `plan.Plan`
    template (ひな形)      the empty workbook an importer reads, made from its own columns: `templates`
    safe cell             a text that a spreadsheet program shows and never runs: `safe_cells`

Practice. Offices keep their lists in Excel and send them as XLSX or as CSV: UTF-8 with or without a byte order mark, or
CP932, the Japanese Windows code page (Shift_JIS with ①, ㈱, 髙). Zeros at the front of phone numbers, dates in eras and
full-width digits are ordinary. So everything is read as text, understood column by column, and either the whole file is
taken or nothing: an import with one bad row writes nothing and names the row, the column and the reason.
"""
