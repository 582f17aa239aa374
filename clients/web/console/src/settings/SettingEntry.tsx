// One setting: what it is called and for, what it is, and what it would be.
import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import type { Setting } from "@sanset/client/gen/sanset/v1/settings_pb.js";
import { useTranslate } from "react-admin";
import { StatusChip } from "../ui/StatusChip";

const MONOSPACE = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace";

export function SettingEntry({ setting }: { setting: Setting }) {
  const { name, value, defaultValue, description, secret, changed } = setting;
  const translate = useTranslate();
  return (
    <Box
      component="li"
      sx={{
        display: "grid",
        gridTemplateColumns: { xs: "minmax(0, 1fr)", md: "minmax(0, 3fr) minmax(0, 2fr)" },
        columnGap: 3,
        rowGap: 0.5,
        py: 1.25,
        borderTop: 1,
        borderColor: "divider",
      }}
    >
      <div>
        <Box sx={{ display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: 1 }}>
          <Typography component="h3" variant="body2" translate="no" sx={{ fontFamily: MONOSPACE, fontWeight: 600, overflowWrap: "anywhere" }}>
            {name}
          </Typography>
          {changed && <StatusChip text="pages.settings.changed" color="info" />}
        </Box>
        <Typography variant="body2" color="text.secondary" lang="en" sx={{ overflowWrap: "anywhere" }}>
          {description}
        </Typography>
      </div>
      <Box component="dl" sx={{ display: "grid", gridTemplateColumns: "5rem minmax(0, 1fr)", columnGap: 1, alignContent: "start", m: 0 }}>
        <Typography component="dt" variant="body2" color="text.secondary">
          {translate("pages.settings.value")}
        </Typography>
        <Value value={value} secret={secret} />
        <Typography component="dt" variant="body2" color="text.secondary">
          {translate("pages.settings.default")}
        </Typography>
        <Value value={defaultValue} secret={secret} />
      </Box>
    </Box>
  );
}

function Value({ value, secret }: { value: string; secret: boolean }) {
  const translate = useTranslate();
  const isEmpty = value === "" || (secret && value === "[]");
  return (
    <Typography component="dd" variant="body2" sx={{ m: 0, overflowWrap: "anywhere" }}>
      {isEmpty ? (
        <Box component="span" sx={{ color: "text.secondary" }}>
          {translate("pages.settings.notSet")}
        </Box>
      ) : secret ? (
        <>
          <span aria-hidden>{value.replaceAll("*", "•")}</span> {translate("pages.settings.hidden")}
        </>
      ) : (
        <Box component="code" translate="no" sx={{ fontFamily: MONOSPACE }}>
          {value}
        </Box>
      )}
    </Typography>
  );
}
