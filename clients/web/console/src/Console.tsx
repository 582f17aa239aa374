import { lazy } from "react";
import { Admin, CustomRoutes, Resource } from "react-admin";
import { BrowserRouter, Route } from "react-router-dom";
import { dataProvider } from "./data/dataProvider";
import { queries } from "./data/queries";
import { i18nProvider } from "./i18n/i18nProvider";
import { pages, resources } from "./registry";
import { SignInPage } from "./session/SignInPage";
import { authProvider } from "./session/authProvider";
import { Layout } from "./ui/Layout";
import { dark, light } from "./ui/theme";

const Dashboard = lazy(() => import("./dashboard/Dashboard"));

/** The address under which the console is served. */
const BASE = "/console";

export function Console() {
  return (
    <BrowserRouter basename={BASE}>
      <Admin
        dataProvider={dataProvider}
        authProvider={authProvider}
        i18nProvider={i18nProvider}
        queryClient={queries}
        loginPage={SignInPage}
        layout={Layout}
        dashboard={Dashboard}
        theme={light}
        darkTheme={dark}
        title="Sanset"
        requireAuth
        disableTelemetry
      >
        {resources.map(({ name, icon, pages: own, title }) => (
          <Resource key={name} name={name} icon={icon} recordRepresentation={title} {...own} />
        ))}
        <CustomRoutes>
          {pages.map(({ name, page: Page }) => (
            <Route key={name} path={`/${name}`} element={<Page />} />
          ))}
        </CustomRoutes>
      </Admin>
    </BrowserRouter>
  );
}
