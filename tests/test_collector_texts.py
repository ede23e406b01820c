from ses_feedback_collector.texts import echoed, printable


def test_a_name_does_not_control_the_terminal() -> None:
    assert printable("a\x1b[2Jb\n\t") == "a\ufffd[2Jb\ufffd\ufffd"
    assert printable("josé [red]") == "josé [red]"


def test_a_long_value_is_cut_to_100_characters() -> None:
    assert echoed("x" * 100) == "x" * 100
    assert echoed("x" * 101) == "x" * 97 + "..."
