import { NavLink, Outlet, useNavigate } from "react-router";
import { SignedIn } from "./SignedIn";
import { signOut } from "./useUser";

/** What stands beside the pages of an account. */
export function AccountFrame() {
  const navigate = useNavigate();
  async function leave() {
    await signOut();
    await navigate("/");
  }
  return (
    <SignedIn>
      {() => (
        <div className="account">
          <nav className="account-links" aria-label="Account">
            <NavLink to="/account" end>
              Orders
            </NavLink>
            <NavLink to="/account/wishlist">Wishlist</NavLink>
            <NavLink to="/account/points">Points</NavLink>
            <NavLink to="/account/addresses">Addresses</NavLink>
            <NavLink to="/account/details">Details</NavLink>
            <button className="link" onClick={() => void leave()}>
              Sign out
            </button>
          </nav>
          <div>
            <Outlet />
          </div>
        </div>
      )}
    </SignedIn>
  );
}
