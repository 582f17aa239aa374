// Which page is at which address. Those that few visits need are loaded with the first of them.
import type { RouteObject } from "react-router";
import { Frame } from "./ui/Frame";
import { HomePage } from "./HomePage";
import { Waiting } from "./ui/Loaded";
import { NotFoundPage, PageFailure } from "./ui/PageFailure";

export const routes: RouteObject[] = [
  {
    element: <Frame />,
    errorElement: <PageFailure />,
    HydrateFallback: Waiting,
    children: [
      { path: "/", element: <HomePage /> },
      { path: "/search", lazy: async () => ({ Component: (await import("./search/SearchPage")).SearchPage }) },
      { path: "/c/:slug", lazy: async () => ({ Component: (await import("./search/SearchPage")).SearchPage }) },
      { path: "/p/:slug", lazy: async () => ({ Component: (await import("./product/ProductPage")).ProductPage }) },
      { path: "/products/:productId", lazy: async () => ({ Component: (await import("./product/ProductPage")).ProductPage }) },
      { path: "/cart", lazy: async () => ({ Component: (await import("./cart/CartPage")).CartPage }) },
      { path: "/checkout", lazy: async () => ({ Component: (await import("./checkout/CheckoutPage")).CheckoutPage }) },
      { path: "/orders/:orderId", lazy: async () => ({ Component: (await import("./orders/OrderPage")).OrderPage }) },
      { path: "/sign-in", lazy: async () => ({ Component: (await import("./account/SignInPage")).SignInPage }) },
      { path: "/register", lazy: async () => ({ Component: (await import("./account/RegisterPage")).RegisterPage }) },
      {
        path: "/forgot-password",
        lazy: async () => ({ Component: (await import("./account/ForgotPasswordPage")).ForgotPasswordPage }),
      },
      { path: "/signed-in", lazy: async () => ({ Component: (await import("./account/SignedInPage")).SignedInPage }) },
      {
        path: "/verify-email/:token",
        lazy: async () => ({ Component: (await import("./account/ConfirmedPage")).ConfirmedPage }),
      },
      {
        path: "/account",
        lazy: async () => ({ Component: (await import("./account/AccountFrame")).AccountFrame }),
        children: [
          { index: true, lazy: async () => ({ Component: (await import("./orders/OrdersPage")).OrdersPage }) },
          { path: "returns", lazy: async () => ({ Component: (await import("./orders/ReturnsPage")).ReturnsPage }) },
          {
            path: "addresses",
            lazy: async () => ({ Component: (await import("./account/AddressesPage")).AddressesPage }),
          },
          {
            path: "wishlist",
            lazy: async () => ({ Component: (await import("./account/WishlistPage")).WishlistPage }),
          },
          { path: "points", lazy: async () => ({ Component: (await import("./account/PointsPage")).PointsPage }) },
          { path: "details", lazy: async () => ({ Component: (await import("./account/DetailsPage")).DetailsPage }) },
          {
            path: "security",
            lazy: async () => ({ Component: (await import("./account/security/SecurityPage")).SecurityPage }),
          },
          { path: "privacy", lazy: async () => ({ Component: (await import("./account/PrivacyPage")).PrivacyPage }) },
        ],
      },
      { path: "*", element: <NotFoundPage /> },
    ],
  },
];
