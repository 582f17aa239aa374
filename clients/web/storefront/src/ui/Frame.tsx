// What stands around every page.
import { useEffect, useRef } from "react";
import { Link, NavLink, Outlet, ScrollRestoration, useLocation, useNavigation } from "react-router";
import { useCart } from "../cart/useCart";
import { SearchBox } from "../search/SearchBox";
import { useUser } from "../account/useUser";
import { useCategories } from "../search/useCategories";
import { OfflineNote } from "./OfflineNote";

export function Frame() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const { state } = useNavigation();
  // A screen reader goes on at the new page.
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [pathname]);
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <OfflineNote />
      <main id="main" ref={main} tabIndex={-1} aria-busy={state === "loading"}>
        <Outlet />
      </main>
      <footer className="footer">
        <p>An example storefront of Sanset.</p>
        <nav aria-label="More">
          <a href="/docs">API</a>
        </nav>
      </footer>
      <ScrollRestoration />
    </>
  );
}

function Header() {
  const { data: user } = useUser();
  const { data: cart } = useCart();
  const inCart = cart?.itemCount ?? 0;
  return (
    <header className="header">
      <div className="header-row">
        <Link className="brand" to="/">
          Sanset
        </Link>
        <SearchBox />
        <nav className="header-links" aria-label="Yours">
          {user ? (
            <NavLink to="/account">{(user.fullName ?? "").split(" ")[0] || "Account"}</NavLink>
          ) : (
            <NavLink to="/sign-in">Sign in</NavLink>
          )}
          <NavLink to="/cart" className="cart-link" aria-label={`Cart, ${inCart} in it`}>
            Cart{inCart > 0 && <span className="badge">{inCart}</span>}
          </NavLink>
        </nav>
      </div>
      <Categories />
    </header>
  );
}

function Categories() {
  const { data: categories = [] } = useCategories();
  const roots = categories.filter((category) => category.parentId === 0n || category.parentId === undefined);
  return (
    <nav className="categories" aria-label="Categories">
      <ul>
        {roots.map((category) => (
          <li key={String(category.id)}>
            <NavLink to={`/c/${category.slug}`}>{category.name}</NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
