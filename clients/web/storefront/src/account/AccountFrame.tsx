import { NavLink, Outlet } from "react-router";
import { SignedIn } from "./SignedIn";
import { signOut } from "./useUser";

/** What stands beside the pages of an account. */
export function AccountFrame() {
  return (
    <SignedIn>
      {() => (
        <div className="account">
          <nav className="account-links" aria-label="Account">
            <NavLink to="/account" end>
              Orders
            </NavLink>
            <NavLink to="/account/returns">Returns</NavLink>
            <NavLink to="/account/wishlist">Wishlist</NavLink>
            <NavLink to="/account/points">Points</NavLink>
            <NavLink to="/account/addresses">Addresses</NavLink>
            <NavLink to="/account/details">Details</NavLink>
            <NavLink to="/account/security">Security</NavLink>
            <NavLink to="/account/privacy">Privacy</NavLink>
            <button className="link" onClick={() => void signOut()}>
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
