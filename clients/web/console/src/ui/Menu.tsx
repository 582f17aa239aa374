// The menu: what the user may see, in groups.
import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { Menu as RaMenu, useTranslate } from "react-admin";
import { useQuery } from "@tanstack/react-query";
import { pages, resources } from "../registry";
import type { Group } from "../resource";
import { mayCall } from "../session/user";

const GROUPS: readonly Group[] = ["shop", "catalog", "customers", "promotion", "analytics", "system"];

export function Menu() {
  const { data: shown = [] } = useQuery({ queryKey: ["menu"], queryFn: allowedNames });
  return (
    <RaMenu>
      <RaMenu.DashboardItem />
      {GROUPS.map((group) => (
        <Section key={group} group={group} shown={shown} />
      ))}
    </RaMenu>
  );
}

/** The names of the lists and pages that the user may open. */
async function allowedNames(): Promise<string[]> {
  const listed = resources.map(({ name, access, pages: own }) => ({ name, method: own.list && access.list }));
  const all = [...listed, ...pages.map(({ name, access }) => ({ name, method: access }))];
  const checked = await Promise.all(
    all.map(async ({ name, method }) => (method !== undefined && (await mayCall(method)) ? [name] : [])),
  );
  return checked.flat();
}

function Section({ group, shown }: { group: Group; shown: readonly string[] }) {
  const translate = useTranslate();
  const ownPages = pages.filter((page) => page.group === group && shown.includes(page.name));
  const ownResources = resources.filter((resource) => resource.group === group && shown.includes(resource.name));
  if (ownPages.length + ownResources.length === 0) return null;
  const title = translate(`console.menu.${group}`);
  return (
    <Box role="group" aria-label={title}>
      <Typography variant="overline" component="div" aria-hidden sx={{ px: 2, pt: 1.5, opacity: 0.8, lineHeight: 2 }}>
        {title}
      </Typography>
      {ownPages.map(({ name, icon: Icon }) => (
        <RaMenu.Item key={name} to={`/${name}`} primaryText={`pages.${name}.name`} leftIcon={<Icon />} />
      ))}
      {ownResources.map(({ name }) => (
        <RaMenu.ResourceItem key={name} name={name} />
      ))}
    </Box>
  );
}
