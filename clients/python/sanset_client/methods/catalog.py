"""Shows and manages products, their variants, and categories.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from google.api import httpbody_pb2
from google.protobuf import empty_pb2, field_mask_pb2, timestamp_pb2
from sanset.v1 import category_pb2, product_pb2, variant_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Stream, Unary, prepare

ExportProductsRequestFormatName = Literal["FORMAT_UNSPECIFIED", "CSV", "XLSX"]
ListProductsRequestSortName = Literal["SORT_UNSPECIFIED", "NEWEST", "PRICE_ASC", "PRICE_DESC", "NAME", "POPULARITY", "RATING", "UPDATED"]
ProductViewName = Literal["VIEW_UNSPECIFIED", "SUMMARY", "FULL"]


def get_product(
    *,
    product_id: int | None = None,
    slug: str | None = None,
    language: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a product by its id or its slug. Returns NOT_FOUND (PRODUCT_NOT_FOUND) when it does not exist
    or was deleted.
    """
    return prepare(
        product_pb2.GetProductRequest,
        timeout,
        metadata,
        product_id=product_id,
        slug=slug,
        language=language,
    )


def batch_get_products(
    *,
    product_ids: Iterable[int] | None = None,
    view: product_pb2.Product.View.ValueType | ProductViewName | None = None,
    language: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets up to 100 products at once, in the order asked: their summaries, or with `view` FULL all of them.

    Ids that do not exist are returned in `missing_ids` instead of failing the call; those of products that no
    longer fit the reply in `remaining_ids`.
    """
    return prepare(
        product_pb2.BatchGetProductsRequest,
        timeout,
        metadata,
        product_ids=product_ids,
        view=view,
        language=language,
    )


def list_products(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    category: str | None = None,
    brand: str | None = None,
    tags: Iterable[str] | None = None,
    min_price: str | None = None,
    max_price: str | None = None,
    in_stock: bool | None = None,
    vendor_id: int | None = None,
    sort: product_pb2.ListProductsRequest.Sort.ValueType | ListProductsRequestSortName | None = None,
    view: product_pb2.Product.View.ValueType | ProductViewName | None = None,
    product_ids: Iterable[int] | None = None,
    updated_since: timestamp_pb2.Timestamp | None = None,
    show_deleted: bool | None = None,
    q: str | None = None,
    search: str | None = None,
    location_id: int | None = None,
    language: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists products, filtered and sorted: their summaries, or with `view` FULL all of them. The order is stable:
    ties are broken by id.

    With `sort` UPDATED it is the list for other systems: a product that changes during a walk comes once more, at its
    end, so that nothing is missed.
    A page may hold fewer products than asked for, as a reply never exceeds 4 MiB; the last one alone has no token.
    Changing any argument but `page_size` between pages is INVALID_ARGUMENT (INVALID_PAGE_TOKEN).
    """
    return prepare(
        product_pb2.ListProductsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
        category=category,
        brand=brand,
        tags=tags,
        min_price=min_price,
        max_price=max_price,
        in_stock=in_stock,
        vendor_id=vendor_id,
        sort=sort,
        view=view,
        product_ids=product_ids,
        updated_since=updated_since,
        show_deleted=show_deleted,
        q=q,
        search=search,
        location_id=location_id,
        language=language,
    )


def create_product(
    *,
    product: product_pb2.Product | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Creates a product with its opening stock, and returns it.

    A vendor owns what they create. Returns ALREADY_EXISTS when the sku (SKU_TAKEN) or the slug (SLUG_TAKEN) is
    taken; a slug is made from the name when none is given. NOT_FOUND (CATEGORY_NOT_FOUND) when there is no such
    category, INVALID_ARGUMENT (INVALID_MONEY) for a price that cannot be one.
    """
    return prepare(
        product_pb2.CreateProductRequest,
        timeout,
        metadata,
        product=product,
        request_id=request_id,
    )


def update_product(
    *,
    product: product_pb2.Product | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates a product, and returns it.

    Over HTTP PUT replaces the product, PATCH changes what is sent, null clears. Vendors update their own; another's is
    PERMISSION_DENIED (NOT_THE_OWNER). Stock is not changed here: see SetInventory. When `product.etag` is sent and
    stale the call is ABORTED (STALE_ETAG).
    """
    return prepare(
        product_pb2.UpdateProductRequest,
        timeout,
        metadata,
        product=product,
        update_mask=update_mask,
        request_id=request_id,
    )


def delete_product(
    *,
    product_id: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes a product.

    It leaves the catalogue and the recommendations with its variants, and cannot be ordered from a cart any more; past
    orders keep their lines. Its sku and slug are free again; UndeleteProduct brings it back. Returns NOT_FOUND
    (PRODUCT_NOT_FOUND), also for one that was deleted, PERMISSION_DENIED (NOT_THE_OWNER) for another vendor's.
    """
    return prepare(
        product_pb2.DeleteProductRequest,
        timeout,
        metadata,
        product_id=product_id,
        etag=etag,
        request_id=request_id,
    )


def undelete_product(
    *,
    product_id: int | None = None,
    sku: str | None = None,
    slug: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Brings a deleted product back, and returns it: as it was, with the stock that is left of it, and the variants that
    it had when it was deleted.

    Vendors bring back their own. One that was not deleted is returned as it is. Returns ALREADY_EXISTS (SKU_TAKEN,
    SLUG_TAKEN) when another product has its sku or slug by now: send another. NOT_FOUND (PRODUCT_NOT_FOUND) when there
    never was such a product.
    """
    return prepare(
        product_pb2.UndeleteProductRequest,
        timeout,
        metadata,
        product_id=product_id,
        sku=sku,
        slug=slug,
    )


def list_variants(
    *,
    product_id: int | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the variants of a product: the forms in which it is bought. Returns NOT_FOUND (PRODUCT_NOT_FOUND) when there
    is no such product.
    """
    return prepare(
        variant_pb2.ListVariantsRequest,
        timeout,
        metadata,
        product_id=product_id,
        page_size=page_size,
        page_token=page_token,
    )


def get_variant(
    *,
    product_id: int | None = None,
    variant_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a variant of a product. Returns NOT_FOUND (VARIANT_NOT_FOUND) when the product has no such variant, or it was
    deleted.
    """
    return prepare(
        variant_pb2.GetVariantRequest,
        timeout,
        metadata,
        product_id=product_id,
        variant_id=variant_id,
    )


def create_variant(
    *,
    product_id: int | None = None,
    variant: variant_pb2.Variant | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Creates a variant of a product with its opening stock, and returns it.

    Vendors create those of their own products; another's is PERMISSION_DENIED (NOT_THE_OWNER). Of two calls with the
    same options one creates the variant. Returns ALREADY_EXISTS when a variant of the product has these options
    (OPTIONS_TAKEN) or any has the sku (SKU_TAKEN); a sku is made up when none is given. FAILED_PRECONDITION (TOO_MANY)
    beyond 100 variants, NOT_FOUND (PRODUCT_NOT_FOUND), INVALID_ARGUMENT (INVALID_MONEY) for a price that cannot be one.
    """
    return prepare(
        variant_pb2.CreateVariantRequest,
        timeout,
        metadata,
        product_id=product_id,
        variant=variant,
        request_id=request_id,
    )


def update_variant(
    *,
    variant: variant_pb2.Variant | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates a variant, and returns it.

    Over HTTP PUT replaces the variant, PATCH changes what is sent, null clears. Orders keep what was sold as it was;
    carts show what it is now. Stock is not changed here: see SetInventory. When `variant.etag` is sent and stale the
    call is ABORTED (STALE_ETAG). Returns NOT_FOUND (VARIANT_NOT_FOUND), else fails as CreateVariant.
    """
    return prepare(
        variant_pb2.UpdateVariantRequest,
        timeout,
        metadata,
        variant=variant,
        update_mask=update_mask,
        request_id=request_id,
    )


def delete_variant(
    *,
    product_id: int | None = None,
    variant_id: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes a variant.

    It cannot be ordered any more, from a cart neither, and its stock counts no longer; past orders keep their lines.
    Its sku and options are free again. When it was the default variant, the oldest that is left becomes it. Returns
    FAILED_PRECONDITION (LAST_VARIANT) for the only one of its product: delete the product. NOT_FOUND
    (VARIANT_NOT_FOUND), PERMISSION_DENIED (NOT_THE_OWNER) for another vendor's.
    """
    return prepare(
        variant_pb2.DeleteVariantRequest,
        timeout,
        metadata,
        product_id=product_id,
        variant_id=variant_id,
        etag=etag,
        request_id=request_id,
    )


def list_categories(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    language: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the categories as a tree: those at the top level, each with its children, by name.

    Pages count the top level, and a category comes with the whole tree below it. They come without their
    descriptions, which GetCategory has.
    """
    return prepare(
        category_pb2.ListCategoriesRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
        language=language,
    )


def get_category(
    *,
    category_id: int | None = None,
    slug: str | None = None,
    language: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a category with the tree below it, by its id or its slug. Returns NOT_FOUND (CATEGORY_NOT_FOUND).
    Those below it come without their descriptions.
    """
    return prepare(
        category_pb2.GetCategoryRequest,
        timeout,
        metadata,
        category_id=category_id,
        slug=slug,
        language=language,
    )


def create_category(
    *,
    category: category_pb2.Category | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Creates a category, and returns it.

    Returns ALREADY_EXISTS (CATEGORY_TAKEN) when the slug is taken, or a category beside it has the name, whatever its
    case, blanks around it and composition of accents. A slug is made from the name when none is given. There may be
    1,000 categories, on 20 levels.
    """
    return prepare(
        category_pb2.CreateCategoryRequest,
        timeout,
        metadata,
        category=category,
        request_id=request_id,
    )


def update_category(
    *,
    category: category_pb2.Category | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates a category, and returns it.

    Over HTTP PUT replaces the category, PATCH changes what is sent, null clears. A stale etag is ABORTED (STALE_ETAG).
    Moving it below itself is FAILED_PRECONDITION (CATEGORY_CYCLE).
    """
    return prepare(
        category_pb2.UpdateCategoryRequest,
        timeout,
        metadata,
        category=category,
        update_mask=update_mask,
        request_id=request_id,
    )


def delete_category(
    *,
    category_id: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes a category. Returns FAILED_PRECONDITION (CATEGORY_IN_USE) while it has products or children, NOT_FOUND
    (CATEGORY_NOT_FOUND).
    """
    return prepare(
        category_pb2.DeleteCategoryRequest,
        timeout,
        metadata,
        category_id=category_id,
        etag=etag,
        request_id=request_id,
    )


def export_products(
    *,
    format: product_pb2.ExportProductsRequest.Format.ValueType | ExportProductsRequestFormatName | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Streams all products, a row per variant, as a file.

    The pieces are to be joined. CSV comes as it is read; XLSX begins when the file is complete. Vendors get their own
    products. What has begun outlives its sign-in. A file that cannot be completed ends with the status of its
    failure, over HTTP as a broken transfer: what ends well is complete.
    """
    return prepare(
        product_pb2.ExportProductsRequest,
        timeout,
        metadata,
        format=format,
    )


class CatalogMethods:
    """Shows and manages products, their variants, and categories."""

    get_product = Unary("GetProduct", get_product, product_pb2.Product)
    batch_get_products = Unary("BatchGetProducts", batch_get_products, product_pb2.BatchGetProductsResponse)
    list_products = Unary("ListProducts", list_products, product_pb2.ListProductsResponse)
    iter_products = Items("ListProducts", list_products.request, product_pb2.Product)
    create_product = Unary("CreateProduct", create_product, product_pb2.Product)
    update_product = Unary("UpdateProduct", update_product, product_pb2.Product)
    delete_product = Unary("DeleteProduct", delete_product, empty_pb2.Empty)
    undelete_product = Unary("UndeleteProduct", undelete_product, product_pb2.Product)
    list_variants = Unary("ListVariants", list_variants, variant_pb2.ListVariantsResponse)
    iter_variants = Items("ListVariants", list_variants.request, variant_pb2.Variant)
    get_variant = Unary("GetVariant", get_variant, variant_pb2.Variant)
    create_variant = Unary("CreateVariant", create_variant, variant_pb2.Variant)
    update_variant = Unary("UpdateVariant", update_variant, variant_pb2.Variant)
    delete_variant = Unary("DeleteVariant", delete_variant, empty_pb2.Empty)
    list_categories = Unary("ListCategories", list_categories, category_pb2.ListCategoriesResponse)
    iter_categories = Items("ListCategories", list_categories.request, category_pb2.Category)
    get_category = Unary("GetCategory", get_category, category_pb2.Category)
    create_category = Unary("CreateCategory", create_category, category_pb2.Category)
    update_category = Unary("UpdateCategory", update_category, category_pb2.Category)
    delete_category = Unary("DeleteCategory", delete_category, empty_pb2.Empty)
    export_products = Stream("ExportProducts", export_products, httpbody_pb2.HttpBody)
