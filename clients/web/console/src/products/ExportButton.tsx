import DownloadIcon from "@mui/icons-material/Download";
import Menu from "@mui/material/Menu";
import MenuItem from "@mui/material/MenuItem";
import { ExportProductsRequest_Format } from "@sanset/client/gen/sanset/v1/product_pb.js";
import { useState } from "react";
import { Button, useCanAccess, useTranslate } from "react-admin";
import { saveStream } from "../data/saveFile";
import { useShopCall } from "../data/useShopCall";
import { shop } from "../shop";

const FORMATS = { CSV: "exportCsv", XLSX: "exportXlsx" } as const;

/** Saves all products as a file, which an import takes back. */
export function ExportButton() {
  const translate = useTranslate();
  const { canAccess } = useCanAccess({ resource: "products", action: "export" });
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const { act, isPending } = useShopCall(
    "products.export",
    (format: keyof typeof FORMATS) =>
      saveStream(shop.catalog.exportProducts({ format: ExportProductsRequest_Format[format] }), `products.${format.toLowerCase()}`),
    { done: "resources.products.exported" },
  );
  if (!canAccess) return null;
  return (
    <>
      <Button
        label="resources.products.export"
        onClick={(event) => setAnchor(event.currentTarget)}
        disabled={isPending}
        aria-haspopup="menu"
      >
        <DownloadIcon />
      </Button>
      <Menu anchorEl={anchor} open={anchor !== null} onClose={() => setAnchor(null)}>
        {(Object.keys(FORMATS) as (keyof typeof FORMATS)[]).map((format) => (
          <MenuItem
            key={format}
            onClick={() => {
              setAnchor(null);
              act(format);
            }}
          >
            {translate(`resources.products.${FORMATS[format]}`)}
          </MenuItem>
        ))}
      </Menu>
    </>
  );
}
