// Which page is at which address. Those that few visits need are loaded with the first of them.
import type { ComponentType } from "react";
import type { NonIndexRouteObject, RouteObject } from "react-router";
import { HomePage } from "./HomePage";
import { Frame } from "./ui/Frame";
import { Waiting } from "./ui/Loaded";
import { NotFoundPage, PageFailure } from "./ui/PageFailure";

export const routes: RouteObject[] = [
  {
    element: <Frame />,
    errorElement: <PageFailure />,
    children: [
      { path: "/", element: <HomePage /> },
      later("/search", async () => (await import("./search/SearchPage")).SearchPage),
      later("/c/:slug", async () => (await import("./search/SearchPage")).SearchPage),
      later("/p/:slug", async () => (await import("./product/ProductPage")).ProductPage),
      later("/products/:productId", async () => (await import("./product/ProductPage")).ProductPage),
      later("/cart", async () => (await import("./cart/CartPage")).CartPage),
      later("/checkout", async () => (await import("./checkout/CheckoutPage")).CheckoutPage),
      later("/orders/:orderId", async () => (await import("./orders/OrderPage")).OrderPage),
      later("/sign-in", async () => (await import("./account/SignInPage")).SignInPage),
      later("/signed-in", async () => (await import("./account/SignedInPage")).SignedInPage),
      later("/register", async () => (await import("./account/RegisterPage")).RegisterPage),
      later("/forgot-password", async () => (await import("./account/ForgotPasswordPage")).ForgotPasswordPage),
      later("/verify-email/:token", async () => (await import("./account/ConfirmedPage")).ConfirmedPage),
      {
        ...later("/account", async () => (await import("./account/AccountFrame")).AccountFrame),
        children: [
          later("", async () => (await import("./orders/OrdersPage")).OrdersPage),
          later("returns", async () => (await import("./orders/ReturnsPage")).ReturnsPage),
          later("wishlist", async () => (await import("./account/WishlistPage")).WishlistPage),
          later("points", async () => (await import("./account/PointsPage")).PointsPage),
          later("addresses", async () => (await import("./account/AddressesPage")).AddressesPage),
          later("details", async () => (await import("./account/DetailsPage")).DetailsPage),
          later("security", async () => (await import("./account/security/SecurityPage")).SecurityPage),
          later("privacy", async () => (await import("./account/PrivacyPage")).PrivacyPage),
        ],
      },
      { path: "*", element: <NotFoundPage /> },
    ],
  },
];

/** A page that is loaded with its first visit; what stands around it is there at once. */
function later(path: string, load: () => Promise<ComponentType>): NonIndexRouteObject {
  return { path, HydrateFallback: Waiting, lazy: async () => ({ Component: await load() }) };
}
