"""Imports through Envoy: a file is larger than any other body may be, and its progress is a stream."""

from __future__ import annotations

import json
import uuid

from support.real_stack import Stack


def test_a_file_larger_than_other_bodies_is_imported_and_watched(stack: Stack) -> None:
    mark = f"w{uuid.uuid4().hex[:10]}"
    padding = "x" * 9000
    rows = [f"{mark}-{i},Mug {mark},5,{padding}" for i in range(200)] + [f"{mark}-bad,Mug,free,"]
    content = "\n".join(["sku,name,price,description", *rows])
    assert len(content) > 1_500_000
    http = stack.admin.http
    sent = http.post(
        "admin/products/bulk-upload", params={"dry_run": "true"}, content=content.encode(), timeout=60
    )
    assert sent.status_code == 200, sent.text
    import_id = sent.json()["id"]
    with http.stream("GET", f"admin/imports/{import_id}/watch", timeout=60) as reply:
        messages = [json.loads(line) for line in reply.iter_lines() if line]
    assert messages[-1]["end"]["state"] == "SUCCEEDED"
    done = http.get(f"admin/imports/{import_id}").json()
    assert (done["row_count"], done["created_count"], done["refused_count"]) == (201, 200, 1)
    assert done["problems"][0] | {"reason": ""} == {
        "line": 202, "column": "price", "reason": "", "sku": f"{mark}-bad",
    }  # fmt: skip
    wrong = http.post("admin/products/bulk-upload", content=b"sku,naem\n", timeout=60)
    assert (wrong.status_code, wrong.json()["details"][0]["reason"]) == (400, "INVALID_FILE")
