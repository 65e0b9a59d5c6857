"""Who gets in, and what everybody else is told; PostgreSQL is away in all of this."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.security import generate_password_hash

from ops import console as console_package
from ops.console.app import SELF_REFRESHING
from ops.console.users import User, remove_user, write_user
from tests.twins.console import PASSWORD, PlayedConsole, csrf_token, post


@pytest.fixture
def console(tmp_path: Path) -> Iterator[PlayedConsole]:
    made = PlayedConsole(tmp_path)
    yield made
    made.close()


def routes(console: PlayedConsole) -> list[tuple[str, str]]:
    """Method and an address of every route; those that need no login are named in OPEN."""
    values = {
        "event_id": "0191d5c6-0000-7000-8000-000000000001",
        "position": 1,
        "review": 1,
        "target": "rest",
        "number": 1,
    }
    adapter = console.app.url_map.bind("localhost")
    return [
        (method, adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method=method))
        for rule in console.app.url_map.iter_rules()
        for method in sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"})
        if rule.endpoint != "static"
    ]


STATIC = Path(console_package.__file__).parent / "static"
OPEN = {("GET", "/login"), ("POST", "/login"), ("GET", "/healthz"), ("GET", "/readyz")}


def test_without_a_login_every_route_leads_to_it(console: PlayedConsole) -> None:
    closed = [route for route in routes(console) if route not in OPEN]
    assert len(closed) >= 20
    for method, path in closed:
        answer = console.client().open(path, method=method)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login"), path


def test_what_is_not_there_leads_to_the_login_too(console: PlayedConsole) -> None:
    assert console.client().get("/nowhere").headers["Location"] == "/login"
    assert console.client().get("/static/nowhere").status_code == 404


@pytest.mark.parametrize("headers", [{"Accept": "application/json"}, {"Content-Type": "application/json"}])
def test_a_program_without_a_login_gets_401(console: PlayedConsole, headers: dict[str, str]) -> None:
    for method, path in routes(console):
        if (method, path) not in OPEN:
            answer = console.client().open(path, method=method, headers=headers)
            assert (answer.status_code, answer.json and answer.json["ok"]) == (401, False), path


def test_a_part_that_refreshes_itself_sends_the_page_to_the_login(console: PlayedConsole) -> None:
    answer = console.client().get("/overview/live", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login")


def test_probes_and_static_files_answer_everybody(console: PlayedConsole) -> None:
    client = console.client()
    assert client.get("/healthz").json == {"ok": True, "process": "console"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json and ready.json["reason"]) == (503, "PostgreSQL does not answer")
    for name in sorted(file.name for file in STATIC.iterdir()):
        with client.get(f"/static/{name}") as file:
            assert file.status_code == 200


def test_the_login_form_has_the_fields_of_the_contract(console: PlayedConsole) -> None:
    page = console.client().get("/login").text
    assert 'type="hidden" name="csrf_token"' in page
    assert 'name="username"' in page
    assert 'name="password" type="password"' in page


def test_a_login_opens_every_page_and_a_log_out_ends_it_on_the_server(console: PlayedConsole) -> None:
    client = console.client("olga")
    assert "PostgreSQL cannot be asked" in client.get("/").text
    cookie = client.get_cookie("hookline_console")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert not cookie.secure

    answer = client.post("/logout", data={"csrf_token": csrf_token(client.get("/"))})

    assert answer.headers["Location"] == "/login"
    thief = console.client()
    thief.set_cookie("hookline_console", cookie.value)  # the cookie's old value is worth nothing
    assert thief.get("/").headers["Location"] == "/login"


def test_behind_https_the_cookies_are_sent_by_https_alone(tmp_path: Path) -> None:
    console = PlayedConsole(tmp_path, https=True)
    client = console.app.test_client()
    token = csrf_token(client.get("/login", base_url="https://localhost"))
    form = {"csrf_token": token, "username": "olga", "password": PASSWORD}
    answer = client.post("/login", data=form, base_url="https://localhost")
    assert answer.status_code == 303
    assert all("Secure" in header for header in answer.headers.getlist("Set-Cookie") if "hookline_console" in header)


@pytest.mark.parametrize(
    ("name", "password"),
    [("olga", "wrong"), ("nobody", PASSWORD), ("", ""), ("olga\x00", PASSWORD), ("o" * 5000, "p" * 5000)],
)
def test_what_is_wrong_is_not_told(console: PlayedConsole, name: str, password: str) -> None:
    answer = console.log_in(console.client(), name, password)
    assert answer.status_code == 401
    assert "The name or the password is wrong." in answer.text
    assert "Set-Cookie" not in answer.headers or "hookline_console" not in answer.headers["Set-Cookie"]


def test_a_login_needs_the_form_of_this_browser(console: PlayedConsole) -> None:
    other = csrf_token(console.client().get("/login"))
    client = console.client()
    client.get("/login")
    for token in (other, "", "nonsense"):
        form = {"csrf_token": token, "username": "olga", "password": PASSWORD}
        assert client.post("/login", data=form).status_code == 403


def test_five_failures_of_a_name_make_it_wait_and_time_ends_that(console: PlayedConsole) -> None:
    client = console.client()
    assert [console.log_in(client, "olga", "wrong").status_code for _ in range(6)] == [401] * 5 + [429]
    right = console.log_in(client, "olga")
    assert (right.status_code, right.headers["Retry-After"]) == (429, "300")
    assert console.log_in(client, "viv").status_code == 303  # somebody else at the same address
    console.now += 301
    assert console.log_in(client, "olga").status_code == 303


def test_an_address_that_tries_many_names_waits_with_all_of_them(console: PlayedConsole) -> None:
    client = console.client()
    answers = [console.log_in(client, f"name{number}", "wrong").status_code for number in range(31)]
    assert answers == [401] * 30 + [429]
    assert console.log_in(client, "olga").status_code == 429


def test_failures_before_a_right_password_do_not_add_up(console: PlayedConsole) -> None:
    client = console.client()
    for _ in range(3):
        assert console.log_in(client, "olga", "wrong").status_code == 401
        assert console.log_in(client, "olga").status_code == 303
        console.now += 1
    assert [console.log_in(client, "olga", "wrong").status_code for _ in range(5)] == [401] * 5


def test_a_session_ends_unused_and_after_its_longest_time(console: PlayedConsole) -> None:
    client = console.client("olga")
    console.now += 1799
    assert client.get("/").status_code == 200
    console.now += 1801
    assert client.get("/").status_code == 303

    client = console.client("olga")
    for _ in range(24):
        console.now += 1790
        assert client.get("/").status_code == 200
    console.now += 1790
    assert client.get("/").status_code == 303


def test_a_new_password_or_a_removal_ends_sessions_and_a_new_role_counts_at_once(console: PlayedConsole) -> None:
    olga, viv = console.client("olga"), console.client("viv")
    write_user(console.users_file, User("olga", "viewer", _hash_of(console, "olga")))
    assert "Reveal" not in olga.get("/settings").text
    assert post(olga, "/reveal", page="/events", reason="curious").status_code == 403

    write_user(console.users_file, User("olga", "viewer", generate_password_hash("another password", "scrypt:512:8:1")))
    assert olga.get("/").status_code == 303

    remove_user(console.users_file, "viv")
    assert viv.get("/").status_code == 303


def test_a_change_without_the_sessions_own_token_is_refused(console: PlayedConsole) -> None:
    olga, other = console.client("olga"), console.client("olga")
    foreign = csrf_token(other.get("/"))
    changes = [(method, path) for method, path in routes(console) if method == "POST" and path != "/login"]
    assert len(changes) >= 8
    for _, path in changes:
        for token in ({}, {"csrf_token": ""}, {"csrf_token": foreign}):
            assert olga.post(path, data=token).status_code == 403, path


def test_a_viewer_changes_and_reveals_nothing(console: PlayedConsole) -> None:
    viv = console.client("viv")
    looks = {"/logout", "/events/search", "/opt-outs/find", "/login"}  # which change nothing
    for method, path in routes(console):
        if method == "POST" and path not in looks:
            answer = viv.post(path, data={"csrf_token": csrf_token(viv.get("/")), "reason": "because"})
            assert answer.status_code == 403, path


def test_every_answer_forbids_what_no_page_needs(console: PlayedConsole) -> None:
    client = console.client("olga")
    for path in ("/", "/login", "/healthz", "/nowhere", "/static/console.css"):
        with client.get(path) as answer:
            headers = answer.headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_no_template_has_a_script_or_a_style_within_it() -> None:
    folder = Path("ops/console/templates")
    for path in folder.glob("*.html"):
        text = path.read_text("utf-8")
        assert " style=" not in text, path
        assert "<style" not in text, path
        assert "hx-on" not in text, path
        assert "|safe" not in text.replace(" ", ""), path
        assert text.count("<script") == text.count("<script src="), path
        assert not [word for word in ("onclick", "onload", "onsubmit", "javascript:") if word in text], path


def test_while_postgresql_is_away_pages_say_so_and_nobody_is_logged_out(console: PlayedConsole) -> None:
    client = console.client("viv")
    for path in ("/events", "/opt-outs", "/crm", "/dead-letters", "/records"):
        answer = client.get(path)
        assert (answer.status_code, "PostgreSQL does not answer" in answer.text) == (503, True), path
    assert client.get("/settings").status_code == 200


@pytest.mark.parametrize(
    "content", ["", "{", "{}", '[{"name": "olga"}]', '[{"name":"a","role":"root","password_hash":"x"}]']
)
def test_a_users_file_that_cannot_be_read_lets_nobody_in(console: PlayedConsole, content: str) -> None:
    client = console.client("olga")
    console.users_file.write_text(content)
    answer = client.get("/")
    assert answer.status_code == (303 if content == "{}" else 503)
    assert console.client().get("/healthz").status_code == 200


def _hash_of(console: PlayedConsole, name: str) -> str:
    user = console.services.sessions.users.find(name)
    assert user is not None
    return user.password_hash


def test_what_refreshes_itself_does_not_keep_a_session_alive(console: PlayedConsole) -> None:
    client = console.client("olga")
    idle = console.services.settings.idle_minutes * 60
    console.now += idle - 10
    assert client.get("/overview/live").status_code == 200
    console.now += 20
    answer = client.get("/overview/live", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login")
    # Somebody who does something stays
    client = console.client("olga")
    for _ in range(3):
        console.now += idle - 10
        assert client.get("/").status_code == 200


def test_everything_that_refreshes_itself_is_known_to_do_so(console: PlayedConsole) -> None:
    found = set[str]()
    for file in Path(str(console.app.jinja_loader.searchpath[0])).glob("*.html"):  # type: ignore[union-attr]
        for tag in re.findall(r"<[^>]*hx-trigger=[^>]*>", file.read_text("utf-8")):
            assert 'hx-trigger="every' in tag, "by itself, or because somebody does something"
            found |= set(re.findall(r"hx-get=\"\{\{ url_for\('([a-z_.]+)'\) \}\}\"", tag))
        # What a script of ours asks for again and again.
        found |= set(re.findall(r"data-url=\"\{\{ url_for\('([a-z_.]+)'\) \}\}\"", file.read_text("utf-8")))
    assert found == SELF_REFRESHING
