"""A page under the keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Page

# Whether it is the wanted element, and whether its focus can be seen: a ring, on the screen, and nothing
# lies over its middle.
_STANDS = """selector => {
  const it = document.activeElement, { outlineStyle, outlineWidth } = getComputedStyle(it);
  const { top, bottom, left, right } = it.getBoundingClientRect();
  const there = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  const ring = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
  const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  const bare = it.contains(over) || over?.contains(it) || over?.control === it;
  const seen = it === document.body || (there && ring && bare);
  const names = [it, over].map((each) => each?.outerHTML.slice(0, 120));
  return [it.matches(selector), !seen && names.join(" under ")];
}"""

_TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """As far as it takes; all that has the focus on the way can be seen to have it."""
    for _ in range(200):
        page.keyboard.press(key)
        found, unseen = page.evaluate(_STANDS, selector)
        if unseen:  # a page that is still being loaded may scroll yet
            page.wait_for_load_state()
            page.evaluate(_TWO_FRAMES)
            found, unseen = page.evaluate(_STANDS, selector)
        assert not unseen, f"The focus is not seen at {unseen}"
        if found:
            return
    raise AssertionError(f"The keyboard does not lead to {selector}.")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    """Goes there and presses it."""
    tab_to(page, selector)
    page.keyboard.press(key)


def write(page: Page, selector: str, text: str) -> None:
    tab_to(page, selector)
    page.keyboard.type(text)
