import Box from "@mui/material/Box";
import Tab from "@mui/material/Tab";
import Tabs from "@mui/material/Tabs";
import { type ReactNode, useId } from "react";
import { useRecordContext, useTranslate } from "react-admin";
import { useSearchParams } from "react-router-dom";
import { ImagesTab } from "../images/ImagesTab";
import { StockTab } from "../stock/StockTab";
import { VariantsTab } from "../variants/VariantsTab";
import type { ProductRecord } from "./calls";
import { en } from "./messages";

type Name = keyof typeof en.tabs;
const NAMES = Object.keys(en.tabs) as Name[];

/** What there is to a product, side by side. The tab is part of the address; what is typed outlives a change of tab. */
export function ProductTabs({ details }: { details: ReactNode }) {
  const product = useRecordContext<ProductRecord>();
  const translate = useTranslate();
  const id = useId();
  const [search, setSearch] = useSearchParams();
  const shown = NAMES.find((name) => name === search.get("tab")) ?? "details";
  if (product === undefined) return null;
  const contents: Record<Name, ReactNode> = {
    details,
    variants: shown === "variants" && <VariantsTab product={product} />,
    images: shown === "images" && <ImagesTab product={product} />,
    stock: shown === "stock" && <StockTab product={product} />,
  };
  return (
    <>
      <Tabs
        value={shown}
        onChange={(_, name: Name) => setSearch(name === "details" ? {} : { tab: name }, { replace: true })}
        variant="scrollable"
        allowScrollButtonsMobile
        aria-label={product.name}
        sx={{ borderBottom: 1, borderColor: "divider" }}
      >
        {NAMES.map((name) => (
          <Tab
            key={name}
            value={name}
            id={`${id}-${name}`}
            aria-controls={`${id}-${name}-panel`}
            label={translate(`resources.products.tabs.${name}`)}
          />
        ))}
      </Tabs>
      {NAMES.map((name) => (
        <Box
          key={name}
          role="tabpanel"
          id={`${id}-${name}-panel`}
          aria-labelledby={`${id}-${name}`}
          hidden={name !== shown}
          sx={{ p: name === "details" ? 0 : 2 }}
        >
          {contents[name]}
        </Box>
      ))}
    </>
  );
}
