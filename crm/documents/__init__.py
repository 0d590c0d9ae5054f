"""Papers and files: what leaves the house as PDF, and every file that is kept.

Words
    paper (文書)            frozen facts and a story: `papers.Paper`; drawn by a pure function of its facts
    issued document (発行文書) a paper with its number, whom it went to, and the bytes as sent: `issued.IssuedDocument`
    copy (再発行)            the same facts marked 再発行, registered with its reason: `issued.DocumentCopy`
    number (文書番号)        gapless per series and fiscal year: `numbering.next_number`
    kept file (保存ファイル)  bytes on disk by SHA-256: `files.StoredFile`
    signature (電子署名)     PAdES certification signature on certificates: `signing`

What was issued never changes: a correction is another document, a repeated print is the same bytes, a reissue is marked.
ReportLab is imported in this package only.
"""
