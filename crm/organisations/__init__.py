"""Who we know, each once (団体): organisations, their names, their people, and who took over from whom.

Words
    organisation (団体)     a company, university, hospital, body or office, whether a member or not
    legal name (正式名称)    as registered, kept to the letter: 髙, 﨑, 𠮷 and old shapes are never exchanged
    legal form (法人格)      株式会社, 一般社団法人 …; in front (前株), at the end (後株) or in the middle of the name
    reading (フリガナ)       katakana without the legal form, as the corporate register gives it
    bank kana (口座名義カナ)  the name in a bank's characters, the form shortened: ｶ)ｱｵｿﾞﾗ; an organisation may have several
    corporate number (法人番号) 13 digits given by the tax agency; it identifies, the name does not
    succession (承継)        a change of name, or absorption by another organisation, on a day

Rules
    Two records are the same if their corporate numbers are equal, and different if they differ, whatever the names say.
    Without numbers, equal keys (`naming`) propose; a person decides. 株式会社X, 合同会社X, X株式会社 are three companies in law.
    Folding is for keys beside the name; what is shown, printed and exported is what was typed.
    The past belongs to the successor from the day of the succession on; what was absorbed stays readable.
"""
