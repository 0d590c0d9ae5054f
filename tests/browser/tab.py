"""Someone at a browser who uses the pages as people do: opens, fills in, presses, reads, opens papers."""

from __future__ import annotations

import re
from typing import Any

from tests.browser.conftest import LANGUAGE, NOTE_VIOLATIONS
from tests.journeys.reading import text_of


class Tab:
    """Someone at a browser of some width, who opens pages, fills in and presses; no page may break or slide sideways."""

    def __init__(self, browser: Any, address: str, width: int) -> None:
        self.context = browser.new_context(base_url=address, viewport={"width": width, "height": 800}, **LANGUAGE)
        self.context.add_init_script(NOTE_VIOLATIONS)
        self.page, self.width, self.complaints = self.context.new_page(), width, list[str]()
        self.page.set_default_timeout(15_000)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str, status: int = 200) -> None:
        """Go to an address, as by a bookmark or a letter's link."""
        answer = self.page.goto(path)
        assert answer.status == status, f"{path} answered {answer.status}: {self.text}"
        self._is_sound()

    def follow(self, words: str) -> None:
        """Press a link of the page."""
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("link", name=words, exact=True).first.click()
        self._is_sound()

    def fill(self, **fields: str | bool) -> None:
        """Fill in fields by their names: text, a choice, a box to tick."""
        for name, value in fields.items():
            control = self.page.locator(f'main form.form [name="{name}"]')
            kind = control.first.evaluate("control => control.type")
            if kind == "radio":
                control = self.page.locator(f'main [name="{name}"][value="{value}"]')
            if kind in ("radio", "checkbox"):
                control.set_checked(bool(value))
            elif kind == "select-one":
                control.select_option(value)
            else:
                control.fill(value)

    def press(self, words: str) -> None:
        """Press a button, answering yes where the page asks back."""
        button = self.page.locator("main").get_by_role("button", name=words, exact=True)
        asks_back = button.evaluate("button => Boolean(button.form.dataset.confirm)")
        with self.page.expect_navigation():
            button.click()
            if asks_back:
                self.page.locator("#confirm-dialog [value=yes]").click()
        self._is_sound()

    def reads(self, *words: str) -> None:
        """All of this stands on the page."""
        for one in words:
            assert one in self.text, f"{one!r} is not on {self.page.url}: {self.text}"

    def table(self, number: int = 0) -> list[list[str]]:
        """The cells of a table of the page, row by row, without its head."""
        rows = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
        cells: list[list[str]] = self.page.locator("main table").nth(number).locator("tbody tr").evaluate_all(rows)
        return cells

    def head(self, number: int = 0) -> list[str]:
        """The headings of a table of the page."""
        cells: list[str] = self.page.locator("main table").nth(number).locator("thead th").all_inner_texts()
        return cells

    def paper(self, words: str) -> str:
        """The text of the PDF that a link of the page leads to."""
        path = self.page.locator("main").get_by_role("link", name=words).first.get_attribute("href")
        answer = self.context.request.get(path)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
        return text_of(answer.body())

    def sign_in(self, email: str, password: str) -> None:
        """By the form, with the password."""
        self.context.clear_cookies()
        self.open("/sign-in")
        self.fill(email=email, password=password)
        self.press("ログイン")

    def choose_password(self, path: str, email: str, password: str) -> None:
        """Follow an invitation's link, and sign in with what was chosen."""
        self.open(path)
        self.fill(password=password)
        self.press("パスワードを設定")
        self.sign_in(email, password)

    def ask_for_link(self, email: str) -> None:
        """Have a link mailed; the page says the same whether there is such an account or not."""
        self.context.clear_cookies()
        self.open("/sign-in/link")
        self.fill(email=email)
        self.press("リンクを送る")
        self.reads("ログイン用のリンクをお送りしました。")

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.page.locator("main").inner_text())

    def _is_sound(self) -> None:
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width, f"{self.page.url} is too wide"
        assert not self.page.evaluate("window.__violations")
        assert not self.complaints, self.complaints
