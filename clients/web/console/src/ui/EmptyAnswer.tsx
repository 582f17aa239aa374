// In place of the rows of a list that has none, its filters above it: what was not found, or that there is nothing.
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { useListContext, useTranslate } from "react-admin";
import { EmptyList } from "./EmptyList";

export function EmptyAnswer() {
  const translate = useTranslate();
  const { filterValues, setFilters } = useListContext();
  if (Object.keys(filterValues).length === 0) return <EmptyList />;
  return (
    <Box sx={{ textAlign: "center", py: 6, px: 2 }}>
      <Typography sx={{ mb: 1 }}>{translate("console.list.nothingMatches")}</Typography>
      <Button onClick={() => setFilters({})}>{translate("console.list.clear")}</Button>
    </Box>
  );
}
