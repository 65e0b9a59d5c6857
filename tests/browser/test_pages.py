"""Every page in a real browser, as it looks: wide and on a phone, light and dark, by keyboard, in the reader's time."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from ops.commands.dlq_source import kafka_settings
from runtime.kafka.producer import KafkaProducer, OutgoingRecord
from tests.browser.conftest import Visitor
from tests.e2e.conftest import Stack, eventually
from tests.e2e.console_stack import PHONE_ON_HOLD, PHONE_OUT, TEXT_ON_HOLD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
#: Digits and words of the stack's numbers and texts that no page holds before they are revealed.
PERSONAL = (PHONE_OUT[2:], PHONE_ON_HOLD[2:], TEXT_ON_HOLD)


def pages_of(visitor: Visitor) -> list[str]:
    """The pages that the navigation names, and one of each kind that they lead to."""
    visitor.open("/")
    found = [link.get_attribute("href") or "" for link in visitor.page.locator("nav[aria-label=Pages] a").all()]
    for path in tuple(found):
        visitor.open(path)
        linked = [link.get_attribute("href") or "" for link in visitor.page.locator("main a[href]").all()]
        kinds = {re.sub(r"[0-9a-f-]{8,}|\d+", "N", link.split("?")[0]): link for link in reversed(linked)}
        found += [link for link in kinds.values() if link.startswith("/")]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_page_fits_can_be_read_and_holds_no_personal_data(
    visitor: Callable[..., Visitor], screenshots: Path | None, scheme: str, size: dict[str, int]
) -> None:
    reader = visitor(color_scheme=scheme, viewport=size)
    wrong = []
    for path in pages_of(reader):
        reader.open(path)
        page = reader.page
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        source = page.content()
        wrong += [f"{path}: {wide} pixels too wide"] * (wide > 0)
        wrong += [f"{path}: contrast {found}" for found in page.evaluate(CONTRAST)]
        wrong += [f"{path}: shows {word}" for word in PERSONAL if word in source]
        headings = page.locator("h1").all_text_contents()
        wrong += [f"{path}: headings {headings}"] * (len(headings) != 1)
        if screenshots:
            name = re.sub(r"\W+", "-", path).strip("-") or "overview"
            page.screenshot(path=screenshots / f"{name[:40]}-{scheme}-{size['width']}.png", full_page=True)
    assert not wrong


def test_the_login_says_what_is_wrong_and_works_by_keyboard(visitor: Callable[..., Visitor], stack: Stack) -> None:
    person = visitor(None)
    person.log_in("operator", "a wrong password")
    person.page.get_by_role("alert").wait_for()
    assert "a wrong password" not in person.page.content()
    # Chromium reports the refusal itself.
    assert all("401" in complaint for complaint in person.complaints)
    person.complaints.clear()
    person.page.keyboard.type(stack.env["CONSOLE_USER"])  # the field has the focus
    person.page.keyboard.press("Tab")
    person.page.keyboard.type(stack.env["CONSOLE_PASSWORD"])
    person.page.keyboard.press("Enter")
    person.page.get_by_role("heading", name="Overview").wait_for()


def test_keys_lead_to_the_pages_and_to_the_search(visitor: Callable[..., Visitor]) -> None:
    page = visitor().page
    titles = page.locator("nav[aria-label=Pages] a").all_text_contents()
    for number, title in enumerate(titles, 1):
        page.keyboard.press(str(number))
        page.get_by_role("heading", level=1, name=title).wait_for()
    page.keyboard.press(str(titles.index("Events") + 1))
    page.get_by_role("heading", level=1, name="Events").wait_for()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "query"
    page.keyboard.type("2")  # is typed, and leads nowhere
    assert page.locator("input[name=query]").input_value() == "2"


def test_the_first_tab_skips_the_navigation(visitor: Callable[..., Visitor]) -> None:
    page = visitor().page
    page.reload()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_times_are_those_of_the_reader(visitor: Callable[..., Visitor]) -> None:
    shown = {}
    for zone in ("Asia/Tokyo", "America/New_York"):
        reader = visitor(timezone_id=zone, locale="sv-SE")  # writes 2026-11-28 21:05:07
        reader.open("/events")
        assert zone in reader.page.locator("footer").inner_text()
        first = reader.page.locator("tbody time").first
        shown[zone] = (first.get_attribute("datetime"), first.inner_text())
    (at, tokyo), (same, new_york) = shown.values()
    assert at == same
    assert tokyo != new_york


def test_the_overview_follows_what_comes(visitor: Callable[..., Visitor], stack: Stack) -> None:
    page = visitor().page
    page.evaluate("window.loadedOnce = true")
    before = page.locator("[aria-label='Ingest'] dd").first.inner_text()
    stack.hookline("send", "textlink", "tag", "--count", "30")
    page.wait_for_function(
        "before => document.querySelector(\"[aria-label='Ingest'] dd\").textContent !== before", arg=before
    )
    assert page.evaluate("window.loadedOnce")  # refreshed in place


def test_a_viewer_is_offered_no_change(visitor: Callable[..., Visitor]) -> None:
    viewer = visitor("viewer")
    for path in pages_of(viewer):
        viewer.open(path)
        forms = {form.get_attribute("action") for form in viewer.page.locator("form[method=post]").all()}
        assert forms <= {"/logout", "/events/search", "/opt-outs/find"}, path


def test_an_operator_reveals_a_text_and_answers_its_review(
    visitor: Callable[..., Visitor], stack: Stack, screenshots: Path | None
) -> None:
    operator = visitor()
    page = operator.page
    operator.open("/opt-outs")
    page.get_by_text("Reveal personal data").click()
    page.get_by_label("Why (recorded)", exact=True).fill("the person called us")
    page.get_by_role("button", name="Reveal").click()
    page.get_by_text("Personal data is shown").wait_for()
    row = page.locator("tr", has_text=TEXT_ON_HOLD).first
    assert PHONE_ON_HOLD in row.inner_text()
    if screenshots:
        page.screenshot(path=screenshots / "revealed.png", full_page=True)
    row.get_by_text("It was none").first.click()
    row.get_by_label(re.compile("Why")).last.fill("a question about the stop button")
    row.get_by_role("button", name="It was none").click()
    page.get_by_role("heading", level=1, name="Opt-outs").wait_for()
    assert page.locator("tr", has_text=TEXT_ON_HOLD).count() == 0
    assert '"state": "in"' in stack.hookline("opt-outs", "show", PHONE_ON_HOLD, "--json")
    operator.open("/records")
    records = page.locator("main").inner_text()
    assert "the person called us" in records
    assert "a question about the stop button" in records


def test_the_proof_of_a_number_can_be_printed(visitor: Callable[..., Visitor], screenshots: Path | None) -> None:
    reader = visitor()
    reader.open("/opt-outs?state=out")
    reader.page.locator("table").last.locator("a").first.click()
    reader.page.get_by_role("heading", name="Ledger").wait_for()
    reader.page.emulate_media(media="print")
    assert not reader.page.locator("header").is_visible()
    assert reader.page.get_by_role("heading", name="Ledger").is_visible()
    if screenshots:
        reader.page.screenshot(path=screenshots / "proof-printed.png", full_page=True)


def test_an_operator_redrives_behind_a_canary_and_discards_what_comes_back(
    visitor: Callable[..., Visitor], stack: Stack, screenshots: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given five records that persist cannot read and will not be able to read
    for name, value in stack.env.items():
        if name.startswith("HOOKLINE_KAFKA__"):
            monkeypatch.setenv(name, value)
    producer = KafkaProducer(kafka_settings(), "tests")
    junk = [OutgoingRecord("sms.contacts.v1", b"k", b"junk", []) for _ in range(5)]
    assert producer.publish_all(junk, timeout=30) == [None] * 5
    producer.close()
    waiting = ("dlq", "ls", "persist", "--json")
    eventually(lambda: '"letters": 5' in stack.hookline(*waiting), "five letters of persist")
    operator, viewer = visitor(), visitor("viewer")
    page = operator.page

    def ask(label: str, **fields: str) -> None:
        operator.open("/dead-letters")
        cause = page.locator("main table").first.locator("tr", has=page.get_by_role("rowheader", name="persist"))
        form = cause.locator("details", has=page.locator("summary", has_text=label))
        form.locator("summary").click()
        for name, value in fields.items():
            form.locator(f"[name={name}]").fill(value)
        form.get_by_role("button", name=label).click()

    # When an operator has them redriven behind a canary of two, the page tells how it ends, without being loaded again
    ask("Redrive", canary="2", reason="the schema is mended")
    newest = page.locator("#requests tbody tr").first
    newest.get_by_text("canary failed").wait_for(timeout=120_000)
    assert "2 of 5" in newest.inner_text()
    assert "2 of the canary's 2 letters failed again" in newest.inner_text()
    viewer.open("/dead-letters")
    assert "canary failed" in viewer.page.locator("#requests").inner_text()
    assert viewer.page.locator("main form").count() == 0
    # And those that nobody needs are discarded
    ask("Discard", reason="a test wrote them")
    page.locator("#requests tbody tr").first.get_by_text("done").wait_for(timeout=60_000)
    eventually(lambda: not re.search('"waiting": [1-9]', stack.hookline(*waiting)), "no letter of persist waits")
    assert page.evaluate(CONTRAST) == []
    operator.open("/records")
    assert "the schema is mended" in page.locator("main").inner_text()
    small = visitor("viewer", viewport=PHONE)
    small.open("/dead-letters")
    assert small.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    if screenshots:
        operator.open("/dead-letters")
        page.screenshot(path=screenshots / "redriven.png", full_page=True)
        small.page.screenshot(path=screenshots / "redriven-phone.png", full_page=True)


def test_charts_are_drawn_and_their_tables_say_the_same(visitor: Callable[..., Visitor]) -> None:
    reader = visitor("viewer")
    reader.open("/charts")
    section = reader.page.locator("section", has=reader.page.get_by_role("heading", name="Events a minute: textlink"))
    section.locator(".uplot canvas").wait_for()
    section.locator(".legend", has_text="message.received").wait_for()
    section.locator("summary").click()
    hours = section.locator("tbody tr").all_inner_texts()
    assert hours
    assert any(int(word) > 0 for word in re.findall(r"\b\d+\b", hours[0].split("\t", 1)[1]))


def test_an_operator_tries_a_text_and_compares_rule_sets(visitor: Callable[..., Visitor]) -> None:
    operator = visitor()
    page = operator.page
    operator.open("/opt-outs")
    page.get_by_role("link", name="Rules").click()
    page.get_by_label("Text, as a contact").fill("how do I STOP this")
    page.get_by_role("button", name="Try").click()
    page.get_by_text("c.want-out").first.wait_for(timeout=60_000)
    assert page.evaluate(CONTRAST) == []
    page.get_by_label("Older set").select_option("1")
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("texts read").wait_for(timeout=60_000)


def test_an_operator_has_a_quarantine_replayed(visitor: Callable[..., Visitor], screenshots: Path | None) -> None:
    # Given the webhooks of the stack that were refused, which do not verify now either
    operator = visitor()
    page = operator.page
    operator.open("/quarantine")
    kind = page.locator("main table").first.locator("tbody tr").first
    kind.locator("summary").click()
    kind.locator("[name=reason]").fill("the secret was mended")
    kind.get_by_role("button", name="Replay").click()
    newest = page.locator("#requests tbody tr").first
    newest.get_by_text("done").wait_for(timeout=60_000)
    assert "0 brought back of 3, 3 kept" in newest.inner_text()
    assert page.evaluate(CONTRAST) == []
    if screenshots:
        page.screenshot(path=screenshots / "quarantine-replayed.png", full_page=True)
    operator.open("/records")
    assert "the secret was mended" in page.locator("main").inner_text()


def test_the_check_of_contrast_sees_what_is_hard_to_read(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<body style='background: #fff'><p style='color: #999'>pale</p><p style='color: #555'>dark</p>")
    assert page.evaluate(CONTRAST) == ["2.85 pale"]
    page.close()
