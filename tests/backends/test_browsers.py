"""Tabs of one browser share a session, nobody else's."""

import io

import pytest

from backends.browsers import Browsers, is_token, new_token


def test_tabs_of_one_browser_share_a_session_and_the_last_one_ends_it():
    browsers, token = Browsers(grace_s=0), new_token()
    first = browsers.enter(token)
    again = browsers.enter(token)  # reloaded: the old tab is let go later
    assert first is again
    name = first.add_upload("a.txt", io.BytesIO(b"hello"))

    browsers.leave(first)
    assert not again.is_released and name in again.inputs().files
    browsers.leave(again)
    assert again.is_released and browsers.enter(token) is not again


@pytest.mark.parametrize("token", [None, "", "x", "a" * 33, "../../../etc/passwd/../../../../../", "ä" * 32])
def test_without_a_token_of_ours_each_tab_has_its_own(token):
    browsers = Browsers(grace_s=0)
    first, second = browsers.enter(token), browsers.enter(token)

    assert first is not second
    browsers.leave(first)
    assert first.is_released and not second.is_released
    second.release()


def test_two_browsers_have_two_sessions_and_tokens_do_not_repeat():
    browsers = Browsers(grace_s=0)
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100 and all(is_token(token) for token in tokens)
    sessions = [browsers.enter(token) for token in list(tokens)[:2]]

    assert sessions[0] is not sessions[1]
    for session in sessions:
        browsers.leave(session)


def test_a_session_that_ended_is_not_given_again():
    browsers, token = Browsers(grace_s=0), new_token()
    ended = browsers.enter(token)
    ended.release()

    renewed = browsers.enter(token)
    assert renewed is not ended and not renewed.is_released
    browsers.leave(ended)  # the old tab is let go: the new one keeps its session
    assert not renewed.is_released
    renewed.release()


def test_a_session_without_a_tab_waits_for_a_reload():
    browsers, token = Browsers(grace_s=3600), new_token()
    session = browsers.enter(token)
    browsers.leave(session)  # a reload lets the old tab go first
    assert not session.is_released and browsers.enter(token) is session

    browsers._end(token, session)  # the wait is over, and a tab is there
    assert not session.is_released
    browsers.leave(session)
    browsers._end(token, session)
    assert session.is_released
