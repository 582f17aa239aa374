import { useTheme } from "@mui/material/styles";

/** The colours of a chart's series: the page's own first, each to be told from its neighbours in light and dark. */
export function useSeriesColors(): string[] {
  const { palette } = useTheme();
  return palette.mode === "dark"
    ? [palette.primary.main, "#f2b46b", "#9bb8f5", "#e79ac4"]
    : [palette.primary.main, "#b45f06", "#3b5fc0", "#a83279"];
}
