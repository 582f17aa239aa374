import type { SearchFacets } from "@sanset/client/gen/sanset/v1/search_pb.js";
import { useState } from "react";
import { Link, useLocation, useSearchParams } from "react-router";
import { money, value } from "../format";
import { type Filters, replaced, toggled } from "./filters";

/** On a telephone the facets are unfolded by who wants them: the products come first. */
export function Narrowing({ facets, filters }: { facets: SearchFacets; filters: Filters }) {
  const [wide] = useState(() => matchMedia("(width >= 52rem)").matches);
  const { brands, attributes, category, minPrice, maxPrice, minRating } = filters;
  const alone = [filters.q !== "" && category, minPrice || maxPrice, minRating].filter(Boolean);
  const chosen = brands.length + attributes.length + alone.length;
  return (
    <details className="narrowing" open={wide}>
      <summary>Narrow it down{chosen > 0 && ` (${chosen} chosen)`}</summary>
      <Facets facets={facets} filters={filters} />
    </details>
  );
}

/** How what was found divides, each share a link that narrows the search to it. */
function Facets({ facets, filters }: { facets: SearchFacets; filters: Filters }) {
  const shares = facets.categories.flatMap((category) => [category, ...category.children]);
  return (
    <div className="facets">
      {filters.q !== "" && shares.length > 0 && (
        <Facet title="Category">
          {shares.map((category) => (
            <Choice key={category.slug} name="category" value={category.slug} label={category.name} count={category.count} only />
          ))}
        </Facet>
      )}
      {facets.brands.length > 1 && (
        <Facet title="Brand">
          {facets.brands.map((brand) => (
            <Choice key={brand.value} name="brand" value={brand.value} label={brand.value} count={brand.count} />
          ))}
        </Facet>
      )}
      {facets.prices.length > 1 && (
        <Facet title="Price">
          {facets.prices.map((band, index) => (
            <PriceBand key={index} band={band} />
          ))}
        </Facet>
      )}
      {facets.ratings.some((rating) => rating.count > 0) && (
        <Facet title="Rating">
          {facets.ratings.map((rating) => (
            <Choice
              key={rating.minRating}
              name="rating"
              value={String(rating.minRating)}
              label={`${rating.minRating} stars and more`}
              count={rating.count}
              only
            />
          ))}
        </Facet>
      )}
      {facets.attributes.map((attribute) => (
        <Facet key={attribute.name} title={attribute.name}>
          {attribute.values.map((share) => (
            <Choice
              key={share.value}
              name="attribute"
              value={`${attribute.name}:${share.value}`}
              label={share.value}
              count={share.count}
            />
          ))}
        </Facet>
      ))}
    </div>
  );
}

function Facet({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <details className="facet" open>
      <summary>{title}</summary>
      <ul>{children}</ul>
    </details>
  );
}

function Choice({
  name,
  value: choice,
  label,
  count,
  only = false,
}: {
  name: string;
  value: string;
  label: string;
  count: number;
  only?: boolean;
}) {
  const [params] = useSearchParams();
  const chosen = params.has(name, choice);
  const next = only ? replaced(params, { [name]: chosen ? "" : choice }) : toggled(params, name, choice);
  return <Share next={next} chosen={chosen} label={label} count={count} />;
}

function PriceBand({ band }: { band: SearchFacets["prices"][number] }) {
  const [params] = useSearchParams();
  const bounds = { min: decimal(band.minPrice), max: decimal(band.maxPrice) };
  const chosen = (params.get("min") ?? "") === bounds.min && (params.get("max") ?? "") === bounds.max;
  const next = replaced(params, chosen ? { min: "", max: "" } : bounds);
  const label = band.maxPrice === undefined ? `from ${money(band.minPrice)}` : `${money(band.minPrice)} – ${money(band.maxPrice)}`;
  return <Share next={next} chosen={chosen} label={label} count={band.count} />;
}

function Share({ next, chosen, label, count }: { next: URLSearchParams; chosen: boolean; label: string; count: number }) {
  const { pathname } = useLocation();
  return (
    <li>
      <Link to={`${pathname}?${next}`} className={chosen ? "share share-chosen" : "share"} aria-current={chosen} preventScrollReset>
        {label} <span className="hint">{count}</span>
      </Link>
    </li>
  );
}

function decimal(amount: SearchFacets["prices"][number]["minPrice"]): string {
  return amount === undefined ? "" : String(value(amount));
}
