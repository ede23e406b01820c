import pytest

from sandbox.markdown import html


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        pytest.param("## Mail", "<h3>Mail</h3>", id="heading"),
        pytest.param("# A\ntext", "<h3>A</h3>\n<p>text</p>", id="heading and text"),
        pytest.param("one\ntwo\n\nthree", "<p>one two</p>\n<p>three</p>", id="texts"),
        pytest.param("- a\n- b", "<ul><li>a</li><li>b</li></ul>", id="list"),
        pytest.param(
            "**b `c`**", "<p><strong>b <code>c</code></strong></p>", id="bold"
        ),
        pytest.param("<i> `c`", "<p>&lt;i&gt; <code>c</code></p>", id="tag and code"),
        pytest.param("`<b>` & *", "<p><code>&lt;b&gt;</code> &amp; *</p>", id="code"),
        pytest.param(
            "[a **b**](https://a.test/?x=1&y)",
            '<p><a href="https://a.test/?x=1&amp;y" rel="noreferrer">'
            "a <strong>b</strong></a></p>",
            id="link",
        ),
        pytest.param(
            "[a](javascript:b) <i>",
            "<p>[a](javascript:b) &lt;i&gt;</p>",
            id="no link, no tag",
        ),
    ],
)
def test_markdown_as_html(markdown: str, expected: str) -> None:
    assert html(markdown) == expected
