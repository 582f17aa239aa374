// The search field with completions: the pattern of a combobox with a list (WAI-ARIA).
import { type Suggestion, Suggestion_Kind as Kind } from "@sanset/client/gen/sanset/v1/search_pb.js";
import { SearchService } from "@sanset/client/gen/sanset/v1/search_service_pb.js";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type FormEvent, type KeyboardEvent, useDeferredValue, useId, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { shop } from "../shop";
import { useCategories, categoryOfId } from "./useCategories";

const search = shop.of(SearchService);
const LABELS: Partial<Record<Kind, string>> = { [Kind.CATEGORY]: "Category", [Kind.BRAND]: "Brand", [Kind.PRODUCT]: "Product" };

export function SearchBox() {
  const [params] = useSearchParams();
  const shown = params.get("q") ?? "";
  // A new search elsewhere begins with its own text.
  return <Combobox key={shown} initial={shown} />;
}

function Combobox({ initial }: { initial: string }) {
  const navigate = useNavigate();
  const { data: categories = [] } = useCategories();
  const [text, setText] = useState(initial);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const suggestions = useSuggestions(text);
  const list = useId();
  const expanded = open && suggestions.length > 0;

  async function go(suggestion?: Suggestion) {
    setOpen(false);
    if (suggestion?.kind === Kind.PRODUCT) return navigate(`/products/${suggestion.productId}`);
    const category = suggestion?.kind === Kind.CATEGORY ? categoryOfId(suggestion.categoryId, categories) : undefined;
    if (category !== undefined) return navigate(`/c/${category.slug}`);
    const q = (suggestion?.text ?? text).trim();
    if (q !== "") return navigate(`/search?q=${encodeURIComponent(q)}`);
  }

  function keyPressed(event: KeyboardEvent) {
    if (event.key === "Escape") return setOpen(false);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || suggestions.length === 0) return;
    event.preventDefault();
    setOpen(true);
    const places = suggestions.length + 1; // the field itself is one
    setActive((now) => ((now + 1 + step + places) % places) - 1);
  }

  function sent(event: FormEvent) {
    event.preventDefault();
    void go(expanded ? suggestions[active] : undefined);
  }

  return (
    <form role="search" className="search" onSubmit={sent} onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || setOpen(false)}>
      <input
        type="search"
        role="combobox"
        aria-label="Search the shop"
        aria-expanded={expanded}
        aria-controls={list}
        aria-autocomplete="list"
        {...(active >= 0 && expanded && { "aria-activedescendant": `${list}-${active}` })}
        placeholder="Search"
        autoComplete="off"
        maxLength={200}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(-1);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onKeyDown={keyPressed}
      />
      <button className="button" type="submit">
        Search
      </button>
      <ul id={list} role="listbox" aria-label="Suggestions" className="suggestions" hidden={!expanded}>
        {suggestions.map((suggestion, index) => (
          <li
            key={`${suggestion.kind}-${suggestion.text}`}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === active}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => void go(suggestion)}
          >
            {suggestion.text}
            {LABELS[suggestion.kind] && <span className="hint">{LABELS[suggestion.kind]}</span>}
          </li>
        ))}
      </ul>
    </form>
  );
}

function useSuggestions(text: string): readonly Suggestion[] {
  const q = useDeferredValue(text.trim());
  const { data } = useQuery({
    queryKey: ["suggestions", q],
    enabled: q.length >= 2,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      await pause(80, signal); // of somebody who goes on typing the next key cancels this
      return (await search.suggest({ q, limit: 8 }, { signal })).items;
    },
  });
  return q.length >= 2 ? (data ?? []) : [];
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
