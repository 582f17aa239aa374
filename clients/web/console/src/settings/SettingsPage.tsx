import Box from "@mui/material/Box";
import FormControlLabel from "@mui/material/FormControlLabel";
import Switch from "@mui/material/Switch";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { type Setting, SettingsService } from "@sanset/client/gen/sanset/v1/settings_pb.js";
import { useState } from "react";
import { useTranslate } from "react-admin";
import { Report } from "../report/Report";
import { ReportPage } from "../report/ReportPage";
import { Nothing } from "../report/ReportTable";
import { useReport } from "../report/useReport";
import { shop } from "../shop";
import { Panel } from "../ui/Panel";
import { SettingEntry } from "./SettingEntry";
import { type Narrowing, groupsOf } from "./groups";

const service = shop.of(SettingsService);

export default function SettingsPage() {
  const translate = useTranslate();
  const query = useReport("settings", {}, (about, signal) => service.getSettings(about, { signal }));
  const [narrowing, setNarrowing] = useState<Narrowing>({ text: "", changedOnly: false });
  const { text, changedOnly } = narrowing;
  const controls = (
    <>
      <TextField
        type="search"
        label={translate("pages.settings.find")}
        value={text}
        onChange={({ target }) => setNarrowing({ ...narrowing, text: target.value })}
        sx={{ flexBasis: "20rem" }}
      />
      <FormControlLabel
        control={<Switch checked={changedOnly} onChange={(_, checked) => setNarrowing({ ...narrowing, changedOnly: checked })} />}
        label={translate("pages.settings.changedOnly")}
      />
    </>
  );
  return (
    <ReportPage name="settings" controls={controls}>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {translate("pages.settings.hint")}
      </Typography>
      <Report query={query} height={480}>
        {({ items }) => <Groups items={items} narrowing={narrowing} />}
      </Report>
    </ReportPage>
  );
}

function Groups({ items, narrowing }: { items: readonly Setting[]; narrowing: Narrowing }) {
  const translate = useTranslate();
  const title = (group: string) => translate(`pages.settings.groups.${group}`, { _: group.replaceAll("_", " ") });
  const groups = groupsOf(items, narrowing, title);
  const count = groups.reduce((sum, { settings }) => sum + settings.length, 0);
  return (
    <>
      <Typography variant="body2" role="status" sx={{ mb: 2 }}>
        {translate("pages.settings.count", { count, of: items.length })}
      </Typography>
      {groups.length === 0 && <Nothing text="pages.settings.empty" />}
      {groups.map(({ name, settings }) => (
        <Panel key={name} title={title(name)}>
          <Box component="ul" sx={{ listStyle: "none", p: 0, m: 0 }}>
            {settings.map((setting) => (
              <SettingEntry key={setting.name} setting={setting} />
            ))}
          </Box>
        </Panel>
      ))}
    </>
  );
}
