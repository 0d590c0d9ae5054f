"""Who may come in and do what.

Deny by default, twice: the audience decides who comes in, and each view names one permission. Roles are fixed in code
(director 理事, clerk 事務局, treasurer 会計, coordinator コーディネーター, auditor 監事, city officer 市職員); people are given
roles on screen, and that is an act.
"""
