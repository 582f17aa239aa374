"""Settings of images: how large they may be, and where their files are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from server.settings.group import Group


class MediaSettings(Group):
    """Uploads, and the store of files."""

    max_file_size: int = Field(
        10 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024, description="Largest image that is taken, in bytes"
    )
    media_storage: Literal["folder", "s3"] = Field(
        "folder", description="Where the files of images are: in UPLOAD_FOLDER, or in a bucket of S3"
    )
    upload_folder: Path | None = Field(
        None, description="Directory of these files, which all servers share; unset: media under DATA_DIR"
    )
    s3_bucket: str = Field("", description="The bucket; needs the extra s3: pip install 'sanset[s3]'")
    s3_prefix: str = Field("", max_length=200, description="What the names of its files begin with: shop/")
    s3_endpoint: str = Field("", description="Address of a store that speaks as S3 does; empty: Amazon's")
    s3_region: str = Field("", description="Region of the bucket; empty: as the machine says")
    s3_access_key_id: str = Field("", description="Access key; empty: the machine's own role")
    s3_secret_access_key: SecretStr = Field(SecretStr(""), description="The secret of the access key")

    @model_validator(mode="after")
    def _bucket_is_named(self) -> Self:
        if self.media_storage == "s3" and not self.s3_bucket:
            raise ValueError("S3_BUCKET: is needed with MEDIA_STORAGE=s3")
        return self
