// A list without records: says so, and offers the first step.
import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { CreateButton, useResourceContext, useResourceDefinition, useTranslate } from "react-admin";
import { resources } from "../registry";

export function EmptyList() {
  const name = useResourceContext();
  const translate = useTranslate();
  const Icon = resources.find((resource) => resource.name === name)?.icon;
  const { hasCreate } = useResourceDefinition();
  return (
    <Box sx={{ textAlign: "center", py: 8, px: 2, width: "100%" }}>
      {Icon && <Icon sx={{ fontSize: 64, opacity: 0.35 }} aria-hidden />}
      <Typography variant="h6" component="p" sx={{ my: 2 }}>
        {translate(`resources.${name}.empty`, { _: translate("console.list.empty") })}
      </Typography>
      {hasCreate && <CreateButton variant="contained" />}
    </Box>
  );
}
