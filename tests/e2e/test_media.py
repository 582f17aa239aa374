"""Images through Envoy: a body of any size passes in pieces, and files come back to be kept by caches."""

from __future__ import annotations

import asyncio
import uuid

import httpx
import pytest
from google.api.httpbody_pb2 import HttpBody
from sanset.v1.media_pb2 import Image
from sanset_client import AsyncClient, Client, InvalidArgument
from sanset_client.rpc import PIECE_BYTES
from support.pictures import another_png, decoded, encoded, jpeg, noise
from support.real_stack import ADMIN, Stack


def test_an_image_is_uploaded_as_the_body_and_served_with_a_tag(stack: Stack) -> None:
    product = stack.product()
    data = encoded(noise(1800, 1900), "PNG")
    assert 9_000_000 < len(data) < 10_485_760
    query = {"alt": "Noise & more", "request_id": str(uuid.uuid4())}
    path = f"products/{product['id']}/images"
    first, repeat = (
        stack.admin.http.post(path, params=query, content=data, headers={"content-type": "image/png"})
        for _ in range(2)
    )
    assert first.status_code == 200, first.text
    image = first.json()
    assert (image["alt"], image["product_id"]) == ("Noise & more", product["id"])
    assert repeat.json() == image
    assert stack.client().get(f"products/{product['id']}").json()["image_url"] == image["medium_url"]

    def get(url: str, verb: str = "GET", **headers: str) -> httpx.Response:
        return stack.client().request(verb, f"{stack.origin}{url}", headers=headers)

    file = get(image["url"])
    assert (file.status_code, file.headers["content-type"]) == (200, "image/webp")
    assert decoded(file.content).size == (image["width"], image["height"])
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["etag"] == f'"{image["url"].removeprefix("/media/")}"'
    again = get(image["url"], **{"if-none-match": file.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = get(image["thumbnail_url"], "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    assert get(f"/api/v1{image['url']}").content == file.content
    missing = get("/media/" + "0" * 32 + ".webp")
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")
    assert "MEDIA_FILE_NOT_FOUND" in missing.text
    assert get("/media/..%2f..%2fsanset.db").status_code == 400


def test_a_body_that_is_too_large_or_no_picture_is_refused_with_the_reason(stack: Stack) -> None:
    path = f"products/{stack.product()['id']}/upload-image"
    for data in (bytes(11_000_000), b"{}", b""):
        reply = stack.admin.http.post(path, content=data, headers={"content-type": "image/jpeg"})
        assert reply.status_code == 400
        assert "INVALID_IMAGE" in reply.text
    assert stack.client().post(path, content=jpeg()).status_code == 401


def test_a_misspelt_parameter_of_an_upload_is_refused_by_name(stack: Stack) -> None:
    path = f"products/{stack.product()['id']}/images"
    reply = stack.admin.http.post(path, params={"alternative": "x"}, content=another_png())
    assert reply.status_code == 400
    assert "alternative" in reply.text


def test_both_clients_send_a_file_in_pieces(stack: Stack) -> None:
    product_id, file = int(stack.product()["id"]), HttpBody(data=encoded(noise(500, 400), "PNG"))
    assert len(file.data) > 2 * PIECE_BYTES
    with Client(stack.native) as client:
        client.login(*ADMIN)
        image = client.media.upload_image(product_id=product_id, file=file, alt="Noise")
        assert (image.width, image.height, image.alt) == (500, 400, "Noise")
        cut = HttpBody(data=file.data[:-PIECE_BYTES])
        with pytest.raises(InvalidArgument, match="cut off"):
            client.media.upload_image(product_id=product_id, file=cut)

    async def again() -> Image:
        async with AsyncClient(stack.native) as client:
            await client.login(*ADMIN)
            return await client.media.upload_image(product_id=product_id, file=file)

    assert asyncio.run(again()) == image
