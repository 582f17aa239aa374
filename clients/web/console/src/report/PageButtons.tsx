import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import { useTranslate } from "react-admin";
import type { usePages } from "./usePages";

/** Leads to the next and the previous page of a list, where there are any. */
export function PageButtons({ pages, nextPageToken }: { pages: ReturnType<typeof usePages>; nextPageToken: string }) {
  const translate = useTranslate();
  if (!pages.hasPrevious && nextPageToken === "") return null;
  return (
    <Stack direction="row" sx={{ justifyContent: "flex-end", gap: 1, mt: 1 }}>
      <Button size="small" disabled={!pages.hasPrevious} onClick={pages.previous}>
        {translate("console.report.previous")}
      </Button>
      <Button size="small" disabled={nextPageToken === ""} onClick={() => pages.next(nextPageToken)}>
        {translate("console.report.next")}
      </Button>
    </Stack>
  );
}
