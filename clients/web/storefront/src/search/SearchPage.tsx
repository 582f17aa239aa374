import type { SearchHit, SearchProductsResponse } from "@sanset/client/gen/sanset/v1/search_pb.js";
import { SearchService } from "@sanset/client/gen/sanset/v1/search_service_pb.js";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Fragment, type ReactNode } from "react";
import { Link, useLocation, useNavigate, useParams, useSearchParams } from "react-router";
import { count } from "../format";
import { CardGrid, ProductCard, WaitingCards } from "../product/ProductCard";
import { messageOf, shop, visitorId } from "../shop";
import { useTitle } from "../ui/useTitle";
import { Narrowing } from "./Facets";
import { type Filters, SORTS, filtersOf, replaced, sortOf } from "./filters";
import { useCategories, wayTo } from "./useCategories";

const search = shop.of(SearchService);
const PAGE_SIZE = 24;

/** What was found by words, or all of a category. */
export function SearchPage() {
  const { slug = "" } = useParams();
  const [params] = useSearchParams();
  const filters = filtersOf(params, slug);
  const { data: categories = [], isPending } = useCategories();
  const way = wayTo(slug, categories);
  const title = slug === "" ? `“${filters.q}”` : (way.at(-1)?.name ?? "");
  useTitle(title);

  const pages = useInfiniteQuery({
    queryKey: ["search", filters],
    initialPageParam: "",
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) => read(filters, pageParam, signal),
    getNextPageParam: (page) => page.nextPageToken || undefined,
  });

  const first = pages.data?.pages[0];
  if (isPending && slug !== "") return <WaitingCards number={12} />; // so that nothing moves when its name is known
  return (
    <>
      {way.length > 1 && <Way slugs={way.slice(0, -1)} />}
      <div className="search-head">
        <h1>{title}</h1>
        <SortChoice filters={filters} />
      </div>
      {way.length > 0 && <Below category={way.at(-1)!} />}
      {pages.isError && (
        <p className="note note-error" role="alert">
          {messageOf(pages.error)}
        </p>
      )}
      {first === undefined && !pages.isError && <WaitingCards number={12} />}
      {first !== undefined && (
        <div className="search-body" aria-busy={pages.isPlaceholderData}>
          {first.facets !== undefined && <Narrowing facets={first.facets} filters={filters} />}
          <div>
            <h2 className="hidden">Products</h2>
            <Summary page={first} filters={filters} />
            <CardGrid>
              {pages.data!.pages.flatMap((page, number) =>
                page.items.map((hit) => <Hit key={String(hit.product!.id)} hit={hit} via={page.attributionToken} eager={number === 0} />),
              )}
            </CardGrid>
            {first.fallbackItems.length > 0 && <Fallback page={first} />}
            {pages.hasNextPage && (
              <p className="more">
                <button className="button" onClick={() => void pages.fetchNextPage()} disabled={pages.isFetchingNextPage}>
                  {pages.isFetchingNextPage ? "Loading …" : "Show more"}
                </button>
              </p>
            )}
          </div>
        </div>
      )}
    </>
  );
}

function read(filters: Filters, pageToken: string, signal: AbortSignal): Promise<SearchProductsResponse> {
  const { q, category, brands, attributes, minPrice, maxPrice, minRating } = filters;
  const request = { q, category, brands, attributes, minPrice, maxPrice, minRating, visitorId, pageToken };
  return search.searchProducts({ ...request, sort: sortOf(filters), pageSize: PAGE_SIZE }, { signal });
}

function Summary({ page, filters }: { page: SearchProductsResponse; filters: Filters }) {
  return (
    <p role="status" className="hint">
      {page.totalSize === 0 ? "Nothing was found." : count(page.totalSize, "product")}
      {page.correctedQuery !== "" && page.correctedQuery !== filters.q && (
        <>
          {" "}
          for <strong>{page.correctedQuery}</strong>
        </>
      )}
    </p>
  );
}

function Hit({ hit, via, eager }: { hit: SearchHit; via: string; eager: boolean }) {
  const name = hit.highlights.find((highlight) => highlight.field === "name");
  const marked: ReactNode = name?.parts.map((part, index) =>
    part.matches ? <mark key={index}>{part.text}</mark> : <Fragment key={index}>{part.text}</Fragment>,
  );
  return <ProductCard product={hit.product!} {...(marked !== undefined && { name: marked })} via={via} eager={eager} />;
}

function Fallback({ page }: { page: SearchProductsResponse }) {
  return (
    <section>
      <h2>You might like these</h2>
      <CardGrid>
        {page.fallbackItems.map((hit) => (
          <ProductCard key={String(hit.product!.id)} product={hit.product!} />
        ))}
      </CardGrid>
    </section>
  );
}

function SortChoice({ filters }: { filters: Filters }) {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  return (
    <label className="sort">
      Sort by{" "}
      <select
        value={filters.sort}
        onChange={(event) => void navigate(`${pathname}?${replaced(params, { sort: event.target.value })}`, { preventScrollReset: true })}
      >
        {SORTS.filter(([name]) => name !== "" || filters.q !== "" || filters.sort === "").map(([name, label]) => (
          <option key={name} value={name}>
            {name === "" && filters.q === "" ? "Most bought" : label}
          </option>
        ))}
      </select>
    </label>
  );
}

function Way({ slugs }: { slugs: ReturnType<typeof wayTo> }) {
  return (
    <nav aria-label="Above" className="way">
      {slugs.map(({ slug, name }) => (
        <Fragment key={slug}>
          <Link to={`/c/${slug}`}>{name}</Link> ›{" "}
        </Fragment>
      ))}
    </nav>
  );
}

function Below({ category }: { category: ReturnType<typeof wayTo>[number] }) {
  if (category.children.length === 0) return null;
  return (
    <nav aria-label="Below" className="below">
      {category.children.map((child) => (
        <Link key={child.slug} to={`/c/${child.slug}`}>
          {child.name}
        </Link>
      ))}
    </nav>
  );
}
