from __future__ import annotations

from taxolens.server.page.reference import doors_told

DOCUMENT = {
    "paths": {
        "/a/{name}": {
            "post": {
                "summary": "Ask",
                "parameters": [{"name": "name", "required": True}, {"name": "k", "description": "How many."}],
                "requestBody": {"content": {"image/png": {}}},
                "responses": {
                    "200": {
                        "description": "Fine.",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}},
                    },
                    "404": {"description": "Not here."},
                },
            },
            "get": {"responses": {"200": {}}},
        }
    },
    "components": {"schemas": {"A": {"properties": {"x": {"description": "An x."}}, "examples": [{"x": 1}]}}},
}


def test_a_door_tells_what_it_takes_and_what_it_answers() -> None:
    post, get = doors_told(DOCUMENT)
    assert (post.method, post.path, post.summary, post.bodies) == ("POST", "/a/{name}", "Ask", ("image/png",))
    assert post.required == {"name"}
    assert [(one.word, one.meaning) for one in post.fields] == [("x", "An x.")]
    assert [(one.word, one.meaning) for one in post.statuses] == [("200", "Fine."), ("404", "Not here.")]
    assert '"x": 1' in post.example
    assert (get.method, get.fields, get.example) == ("GET", (), "")
    assert post.anchor != get.anchor
