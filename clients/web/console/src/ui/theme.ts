// The colours of the storefront, on react-admin's theme; each has the contrast that its text needs.
import { type RaThemeOptions, defaultDarkTheme, defaultLightTheme } from "react-admin";
import type { Theme } from "@mui/material/styles";
import { spokenLanguage } from "../i18n/language";
import { KeyboardRow } from "./KeyboardRow";

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const LOADING = spokenLanguage() === "de" ? "Wird geladen" : "Loading";

/** What react-admin's own components lack: for those who cannot see them or use no mouse, and on narrow screens. */
const components: RaThemeOptions["components"] = {
  MuiCircularProgress: { defaultProps: { "aria-label": LOADING } },
  RaLoading: { styleOverrides: { root: { "& .RaLoading-message": { color: "inherit" } } } },
  RaAccessDenied: { styleOverrides: { root: { "& .RaAccessDenied-message": { opacity: 1 } } } },
  RaDataTable: { defaultProps: { bulkActionButtons: false } },
  RaDataTableBody: { defaultProps: { row: KeyboardRow } },
  // A table that is wider than the screen is scrolled, not the page.
  RaLayout: { styleOverrides: { root: { minWidth: 0, "& .RaLayout-content": { minWidth: 0 } } } },
  RaList: {
    styleOverrides: { root: { "& .RaList-main": { minWidth: 0 }, "& .RaList-content": { overflowX: "auto" } } },
  },
  RaEdit: { styleOverrides: { root: { "& .RaEdit-card": { minWidth: 0 } } } },
  RaShow: { styleOverrides: { root: { "& .RaShow-card": { minWidth: 0 } } } },
  RaLocalesMenuButton: {
    styleOverrides: {
      root: ({ theme }: { theme: Theme }) => ({
        [theme.breakpoints.down("sm")]: {
          "& .MuiButton-root": { minWidth: 0, fontSize: 0 }, // the sign alone
          "& .MuiButton-endIcon": { display: "none" },
        },
      }),
    },
  },
};

const shared = { typography: { fontFamily: FONT, button: { textTransform: "none" as const } }, shape: { borderRadius: 8 } };

export const light: RaThemeOptions = {
  ...defaultLightTheme,
  ...shared,
  components: { ...defaultLightTheme.components, ...components },
  palette: {
    mode: "light",
    primary: { main: "#0f5c4d" },
    secondary: { main: "#0f5c4d" },
    error: { main: "#a3201d" },
    warning: { main: "#8a4b00" },
    info: { main: "#1f5a8a" },
    success: { main: "#276738" },
    background: { default: "#fbfaf7", paper: "#ffffff" },
  },
};

export const dark: RaThemeOptions = {
  ...defaultDarkTheme,
  ...shared,
  components: { ...defaultDarkTheme.components, ...components },
  palette: {
    mode: "dark",
    primary: { main: "#6fd0b8" },
    secondary: { main: "#6fd0b8" },
    error: { main: "#ff9d97" },
    warning: { main: "#ffc174" },
    info: { main: "#9bcbf0" },
    success: { main: "#8fd6a2" },
    background: { default: "#141816", paper: "#1c2220" },
  },
};
